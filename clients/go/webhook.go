package celerity

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	defaultTolerance = 5 * time.Minute
	// maxSignatures of one webhook that are looked at.
	maxSignatures = 16
	maxHeader     = 4096
)

// Webhooks verifies the webhooks by which a gateway tells how tasks end (Standard Webhooks, v1).
type Webhooks struct {
	// Secrets are whsec_ and base64. A signature of any will do, so that a secret can be changed without a break.
	Secrets []string
	// Tolerance is how far the time of a webhook may be from now. Default: 5 minutes.
	Tolerance time.Duration
	// Now is for tests. Default: time.Now.
	Now func() time.Time
}

// WebhookEvent is what a webhook tells.
type WebhookEvent struct {
	// ID is the same for every attempt to deliver the webhook: take each once.
	ID string `json:"-"`
	// Type, such as "celery.task.succeeded".
	Type string `json:"type"`
	// SentAt is the time of this attempt.
	SentAt time.Time       `json:"-"`
	Data   json.RawMessage `json:"data"`
}

// Status reads the task that the webhook is about.
func (e *WebhookEvent) Status() (*Status, error) {
	status := &Status{}
	return status, decode(e.Data, status)
}

// WebhookError says why a webhook is not to be trusted. It is for the log: answer all with the same 401.
type WebhookError struct{ Reason string }

func (e *WebhookError) Error() string { return "celerity: webhook refused: " + e.Reason }

// Verify checks the body, as the bytes that came, and reads it. The error is a *WebhookError.
func (w Webhooks) Verify(body []byte, header http.Header) (*WebhookEvent, error) {
	id, seconds, signatures := one(header, "Webhook-Id"), one(header, "Webhook-Timestamp"), one(header, "Webhook-Signature")
	if id == "" || seconds == "" || signatures == "" {
		return nil, &WebhookError{"webhook-id, webhook-timestamp or webhook-signature is missing, or is there twice"}
	}
	// A dot would let the same signature stand for another id and timestamp.
	if strings.Contains(id, ".") {
		return nil, &WebhookError{"webhook-id has a dot"}
	}
	sentAt, err := w.time(seconds)
	if err != nil {
		return nil, err
	}
	if err := w.checkSignature(id+"."+seconds+".", body, signatures); err != nil {
		return nil, err
	}
	event := &WebhookEvent{}
	if err := json.Unmarshal(body, event); err != nil {
		return nil, &WebhookError{"the body is no JSON object: " + err.Error()}
	}
	event.ID, event.SentAt = id, sentAt
	return event, nil
}

func (w Webhooks) time(seconds string) (time.Time, error) {
	unix, err := strconv.ParseUint(seconds, 10, 40)
	if err != nil {
		return time.Time{}, &WebhookError{"webhook-timestamp is no number of seconds"}
	}
	now, tolerance := time.Now, w.Tolerance
	if w.Now != nil {
		now = w.Now
	}
	if tolerance == 0 {
		tolerance = defaultTolerance
	}
	sentAt := time.Unix(int64(unix), 0)
	if now().Sub(sentAt).Abs() > tolerance {
		return time.Time{}, &WebhookError{"webhook-timestamp is too far from now"}
	}
	return sentAt, nil
}

func (w Webhooks) checkSignature(prefix string, body []byte, signatures string) error {
	given := strings.Split(signatures, " ")
	if len(given) > maxSignatures {
		return &WebhookError{"webhook-signature has too many signatures"}
	}
	for _, secret := range w.Secrets {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
		if err != nil || len(key) == 0 {
			return &WebhookError{"a secret is not whsec_ and base64"}
		}
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(prefix))
		mac.Write(body)
		expected := []byte("v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)))
		for _, signature := range given {
			if hmac.Equal([]byte(signature), expected) {
				return nil
			}
		}
	}
	return &WebhookError{"no signature fits"}
}

// one value of a header; empty when there is none, more than one, or too long a one.
func one(header http.Header, name string) string {
	found := ""
	for given, values := range header {
		if !strings.EqualFold(given, name) {
			continue
		}
		if len(values) != 1 || found != "" || len(values[0]) > maxHeader {
			return ""
		}
		found = values[0]
	}
	return found
}
