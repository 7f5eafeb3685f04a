package celerity

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

const (
	// longestPoll is how long one request waits at the gateway.
	longestPoll = 20 * time.Second
	// shortestPause between two requests, whatever the gateway allows.
	shortestPause = 100 * time.Millisecond
)

// WaitError means that the context ended before the task or workflow did, which goes on. It unwraps to the context's
// error.
type WaitError struct {
	ID string
	// State when it was last heard of; "UNKNOWN" when nothing was.
	State State
	Err   error
}

func (e *WaitError) Error() string {
	return fmt.Sprintf("celerity: %s has not ended, but is %s: %v", e.ID, e.State, e.Err)
}

// Unwrap gives the context's error.
func (e *WaitError) Unwrap() error { return e.Err }

// Timeout is true when it was the deadline that ended the wait.
func (e *WaitError) Timeout() bool { return errors.Is(e.Err, context.DeadlineExceeded) }

// poll asks again and again until read has what it wants: each request waits at the gateway for the end of the task.
func (c *Client) poll(ctx context.Context, id, path string, read func(*answer) (State, bool, error)) error {
	state := State("UNKNOWN")
	for {
		req := &request{method: http.MethodGet, path: path, header: http.Header{"Prefer": {c.preferWait(ctx)}}}
		res, err := c.send(ctx, req)
		var done bool
		if err == nil {
			state, done, err = read(res)
		}
		if err == nil && !done {
			err = sleep(ctx, pause(res.header))
		}
		switch {
		case err != nil && ctx.Err() != nil:
			return &WaitError{ID: id, State: state, Err: ctx.Err()}
		case err != nil || done:
			return err
		}
	}
}

// preferWait asks for whole seconds: no more than the caller or the timeout of a request has.
func (c *Client) preferWait(ctx context.Context) string {
	wait := min(longestPoll, c.timeout/2)
	if deadline, ok := ctx.Deadline(); ok {
		wait = min(wait, time.Until(deadline))
	}
	seconds := max(1, (wait+time.Second-1)/time.Second)
	return "wait=" + strconv.FormatInt(int64(seconds), 10)
}

// pause before asking again about something that has not ended.
func pause(header http.Header) time.Duration {
	if header.Get("Retry-After") == "" {
		return time.Second
	}
	return min(max(retryAfter(header, time.Now()), shortestPause), maxRetryAfter)
}
