package celerity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"time"
)

// longestSilence of a stream before it is taken for broken. A gateway sends a comment every 15 s.
const longestSilence = 90 * time.Second

// Event is one event of a stream.
type Event struct {
	ID string
	// Type is "state", "progress", "result" or "end".
	Type string
	Data json.RawMessage
}

// Status reads the data of an event of a task.
func (e Event) Status() (*Status, error) {
	status := &Status{}
	return status, decode(e.Data, status)
}

// errCut is a stream that ended without its last event.
var errCut = &NetworkError{Err: fmt.Errorf("the stream was cut: %w", io.ErrUnexpectedEOF)}

func (c *Client) events(ctx context.Context, path string) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		s := subscription{client: c, path: path}
		for failures := 1; ; failures++ {
			ended, err := s.follow(ctx, func(event Event) bool {
				failures = 0
				return yield(event, nil)
			})
			if ended {
				return
			}
			delay, again := c.retry.next(max(failures, 1), err)
			if again {
				err = sleep(ctx, max(delay, s.retry))
			}
			if ctx.Err() != nil {
				err = fmt.Errorf("celerity: %s: %w", path, ctx.Err())
			}
			if err != nil {
				yield(Event{}, err)
				return
			}
		}
	}
}

// subscription is what outlives one connection of a stream.
type subscription struct {
	client *Client
	path   string
	cursor
}

// follow opens the stream and passes on its events; true when there will be no more of them, or the reader has left.
func (s *subscription) follow(ctx context.Context, yield func(Event) bool) (bool, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	silence := time.AfterFunc(s.client.timeout, cancel)
	defer silence.Stop()
	req := &request{method: http.MethodGet, path: s.path, header: http.Header{"Accept": {"text/event-stream"}}}
	if s.lastID != "" {
		req.header.Set("Last-Event-ID", s.lastID)
	}
	res, err := s.client.open(ctx, req)
	if err != nil {
		return false, err
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusNoContent {
		return true, nil
	}
	reader := newEventReader(res.Body, &s.cursor)
	reader.onLine = func() { silence.Reset(longestSilence) }
	for {
		silence.Reset(longestSilence)
		event, err := reader.next()
		silence.Stop() // the reader's own time does not count
		switch {
		case errors.Is(err, io.EOF):
			return false, errCut
		case err != nil:
			return false, err
		}
		if !yield(event) || event.Type == "end" {
			return true, nil
		}
	}
}
