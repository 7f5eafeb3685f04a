package celerity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"
)

// serve answers with the handlers, one for each request, and then with 500.
func serve(t *testing.T, handlers ...http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(handlers) == 0 {
			t.Errorf("a request too many: %s %s", r.Method, r.URL)
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		handler := handlers[0]
		handlers = handlers[1:]
		handler(w, r)
	}))
	t.Cleanup(server.Close)
	client, err := New(server.URL, WithKey("secret"), WithRetry(Retry{First: time.Millisecond}))
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func respond(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "0")
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

func TestRepeatsHaveTheSameKey(t *testing.T) {
	var keys []string
	note := func(next http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			keys = append(keys, r.Header.Get("Idempotency-Key"))
			next(w, r)
		}
	}
	hangUp := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	client := serve(t, note(respond(503, "")), note(hangUp), note(respond(202, `{"id": "a", "task": "t", "state": "PENDING"}`)))
	handle, err := client.Submit(context.Background(), NewTask("t"))
	if err != nil || handle.ID != "a" {
		t.Fatal(handle, err)
	}
	if len(keys) != 3 || keys[0] == "" || keys[0] != keys[1] || keys[1] != keys[2] {
		t.Errorf("the keys were %q", keys)
	}
}

func TestTheLastProblemIsReturned(t *testing.T) {
	busy := respond(503, `{"type": "/problems/broker-unavailable", "title": "Busy", "status": 503}`)
	client := serve(t, busy, busy, busy, busy)
	_, err := client.Submit(context.Background(), NewTask("t"))
	var problem *Problem
	if !errors.As(err, &problem) || problem.Type != "broker-unavailable" || !errors.Is(err, ErrUnavailable) {
		t.Errorf("got %v", err)
	}
}

func TestAnAnswerThatIsNoProblemIsOneAllTheSame(t *testing.T) {
	client := serve(t, respond(404, "<h1>Not here</h1>"))
	_, err := client.Task("a").Status(context.Background())
	var problem *Problem
	if !errors.As(err, &problem) || problem.Status != 404 || problem.Type != "about:blank" {
		t.Errorf("got %v", err)
	}
}

func TestWaitEndsWithTheContext(t *testing.T) {
	pending := respond(200, `{"id": "a", "state": "STARTED", "terminal": false}`)
	ctx, cancel := context.WithCancel(context.Background())
	client := serve(t, pending, pending, func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	_, err := client.Task("a").Wait(ctx)
	var wait *WaitError
	if !errors.As(err, &wait) || wait.State != StateStarted || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestNumbersStayExact(t *testing.T) {
	digits := "123456789012345678901234567890"
	client := serve(t, respond(200, digits), respond(200, digits))
	number, err := Result[*big.Int](context.Background(), client.Task("a"))
	if err != nil || number.String() != digits {
		t.Error(number, err)
	}
	value, err := Result[any](context.Background(), client.Task("a"))
	if err != nil || value != json.Number(digits) {
		t.Error(value, err)
	}
}

func TestEventsGoOnAfterACut(t *testing.T) {
	stream := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) }
	}
	var lastID string
	client := serve(t,
		stream("id: 4\nevent: state\ndata: {}\n\nid: 5\nevent: pro"),
		respond(503, ""),
		func(w http.ResponseWriter, r *http.Request) {
			lastID = r.Header.Get("Last-Event-ID")
			stream("id: 9\nevent: end\ndata: {}\n\n")(w, r)
		})
	var types []string
	for event, err := range client.Task("a").Events(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		types = append(types, event.Type)
	}
	if !slices.Equal(types, []string{"state", "end"}) || lastID != "4" {
		t.Errorf("got %q after %q", types, lastID)
	}
}

func TestTheBodyOfATask(t *testing.T) {
	priority := 9
	task := Task{
		Name:      "t",
		Args:      []any{1},
		Delay:     90 * time.Second,
		ExpiresAt: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC),
		Priority:  &priority,
		Dedupe:    &Dedupe{Key: "k", Window: time.Minute},
	}
	want := `{"args":[1],"dedupe":{"key":"k","window":60},"delay":90,"expires":"2030-01-02T03:04:05Z","priority":9,"task":"t"}`
	if body, err := json.Marshal(task.body()); err != nil || string(body) != want {
		t.Errorf("got %s, %v", body, err)
	}
}

func TestTheJSONOfACanvas(t *testing.T) {
	canvas := Chain{
		NewTask("a", 1),
		Chord{Header: []Canvas{Group{NewTask("b")}}, Body: Task{Name: "c", Immutable: true, Queue: "q"}},
	}
	want := `{"chain":[{"args":[1],"task":"a"},{"chord":{"body":{"immutable":true,"options":{"queue":"q"},"task":"c"},"header":[{"group":[{"task":"b"}]}]}}]}`
	if text, err := json.Marshal(canvas); err != nil || string(text) != want {
		t.Errorf("got %s, %v", text, err)
	}
}

func TestNewRefusesOtherURLs(t *testing.T) {
	for _, url := range []string{"", "gateway:8420", "ftp://gateway", "http://key@gateway", "http://gateway/?key=1", "http://\x00"} {
		if client, err := New(url); err == nil {
			t.Errorf("%q gave %+v", url, client)
		}
	}
	client, err := New("https://example.com/celery/")
	if err != nil || client.base != "https://example.com/celery" {
		t.Error(client, err)
	}
}
