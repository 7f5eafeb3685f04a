package celerity

import (
	"context"
	"iter"
	"net/http"
	"net/url"
)

// TaskHandle stands for a task that was sent.
type TaskHandle struct {
	ID string `json:"id"`
	// Task is its name; empty for a handle made of an id.
	Task string `json:"task"`
	// State when it was accepted; Status asks for the present one.
	State State `json:"state"`
	// Deduplicated: the task was there before, and this one was not sent.
	Deduplicated bool `json:"deduplicated"`

	client *Client
}

// Task gives the handle of a task by its id; it asks nothing of the gateway.
func (c *Client) Task(id string) *TaskHandle { return &TaskHandle{ID: id, client: c} }

// Status reads what the gateway knows now.
func (h *TaskHandle) Status(ctx context.Context) (*Status, error) {
	res, err := h.client.send(ctx, &request{method: http.MethodGet, path: h.path()})
	if err != nil {
		return nil, err
	}
	status := &Status{}
	return status, decode(res.body, status)
}

// Wait returns the status once the task has ended, well or badly; [Status.Err] tells which. When the context ends
// first, the error is a *WaitError.
func (h *TaskHandle) Wait(ctx context.Context) (*Status, error) {
	var status *Status
	err := h.client.poll(ctx, h.ID, h.path(), func(res *answer) (State, bool, error) {
		status = &Status{}
		err := decode(res.body, status)
		return status.State, status.Terminal, err
	})
	if err != nil {
		return nil, err
	}
	return status, nil
}

// Result waits like Wait and decodes what the task returned. A task without success is a *Problem, ErrTaskFailed or
// ErrTaskRevoked.
func (h *TaskHandle) Result(ctx context.Context, into any) error {
	return h.client.poll(ctx, h.ID, h.path()+"/result", func(res *answer) (State, bool, error) {
		if res.status == http.StatusOK {
			return StateSuccess, true, decode(res.body, into)
		}
		var status Status
		err := decode(res.body, &status)
		return status.State, false, err
	})
}

// Events follows the task: its states, its progress and its end. The stream is taken up again after a break, and the
// state at that moment comes first then. Breaking out of the loop closes it; an error is the last thing it yields.
func (h *TaskHandle) Events(ctx context.Context) iter.Seq2[Event, error] {
	return h.client.events(ctx, h.path()+"/events")
}

// Cancel revokes a task that has not begun. Twice is fine; a task that has ended is the problem "task-terminal".
func (h *TaskHandle) Cancel(ctx context.Context) error {
	_, err := h.client.send(ctx, &request{method: http.MethodDelete, path: h.path()})
	return err
}

// Terminate revokes a task and also ends it when it runs, with the signal, such as "SIGTERM", of its process.
func (h *TaskHandle) Terminate(ctx context.Context, signal string) error {
	req, err := post(h.path()+":revoke", map[string]any{"terminate": true, "signal": signal}, nil)
	if err != nil {
		return err
	}
	_, err = h.client.send(ctx, req)
	return err
}

func (h *TaskHandle) path() string { return "/v1/tasks/" + url.PathEscape(h.ID) }
