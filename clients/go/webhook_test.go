package celerity

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
)

// The example that the Standard Webhooks libraries share.
const (
	exampleSecret    = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	exampleID        = "msg_p5jXN8AQM9LWM0D4loKWxJek"
	exampleBody      = `{"test": 2432232314}`
	exampleSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
	otherSecret      = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
)

var exampleTime = time.Unix(1614265330, 0)

func exampleHeader() http.Header {
	return http.Header{
		"Webhook-Id":        {exampleID},
		"Webhook-Timestamp": {"1614265330"},
		"Webhook-Signature": {exampleSignature},
	}
}

func exampleWebhooks() Webhooks {
	return Webhooks{Secrets: []string{exampleSecret}, Now: func() time.Time { return exampleTime }}
}

func TestVerifyTakesTheSendersSignature(t *testing.T) {
	event, err := exampleWebhooks().Verify([]byte(exampleBody), exampleHeader())
	if err != nil {
		t.Fatal(err)
	}
	if event.ID != exampleID || !event.SentAt.Equal(exampleTime) {
		t.Errorf("got %+v", event)
	}
}

func TestVerifyTakesHeadersOfAnyCaseAndRotatedSecrets(t *testing.T) {
	header := http.Header{
		"webhook-id":        {exampleID},
		"WEBHOOK-TIMESTAMP": {"1614265330"},
		"webhook-Signature": {"v1,AAAA v1a,AAAA " + exampleSignature},
	}
	webhooks := exampleWebhooks()
	webhooks.Secrets = []string{otherSecret, exampleSecret}
	if _, err := webhooks.Verify([]byte(exampleBody), header); err != nil {
		t.Error(err)
	}
}

func TestVerifyRefuses(t *testing.T) {
	for name, change := range map[string]func(w *Webhooks, body *string, header http.Header){
		"another body":       func(_ *Webhooks, body *string, _ http.Header) { *body = `{"test":2432232314}` },
		"another id":         func(_ *Webhooks, _ *string, h http.Header) { h.Set("Webhook-Id", "msg_2") },
		"an id with a dot":   func(_ *Webhooks, _ *string, h http.Header) { h.Set("Webhook-Id", "msg.2") },
		"no id":              func(_ *Webhooks, _ *string, h http.Header) { h.Del("Webhook-Id") },
		"two ids":            func(_ *Webhooks, _ *string, h http.Header) { h.Add("Webhook-Id", exampleID) },
		"no timestamp":       func(_ *Webhooks, _ *string, h http.Header) { h.Set("Webhook-Timestamp", "now") },
		"an unknown version": func(_ *Webhooks, _ *string, h http.Header) { h.Set("Webhook-Signature", "v2"+exampleSignature[2:]) },
		"many signatures": func(_ *Webhooks, _ *string, h http.Header) {
			h.Set("Webhook-Signature", strings.Repeat(exampleSignature+" ", 17))
		},
		"another secret":        func(w *Webhooks, _ *string, _ http.Header) { w.Secrets = []string{otherSecret} },
		"no secret":             func(w *Webhooks, _ *string, _ http.Header) { w.Secrets = nil },
		"a secret in no base64": func(w *Webhooks, _ *string, _ http.Header) { w.Secrets = []string{"whsec_?"} },
		"an old webhook": func(w *Webhooks, _ *string, _ http.Header) {
			w.Now = func() time.Time { return exampleTime.Add(defaultTolerance + time.Second) }
		},
		"a webhook of the future": func(w *Webhooks, _ *string, _ http.Header) {
			w.Now = func() time.Time { return exampleTime.Add(-defaultTolerance - time.Second) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			webhooks, body, header := exampleWebhooks(), exampleBody, exampleHeader()
			change(&webhooks, &body, header)
			_, err := webhooks.Verify([]byte(body), header)
			var refusal *WebhookError
			if !errors.As(err, &refusal) {
				t.Errorf("got %v", err)
			}
		})
	}
}
