package celerity

import (
	"context"
	"iter"
	"net/http"
	"net/url"
)

// WorkflowHandle stands for a workflow that was sent.
type WorkflowHandle struct {
	// ID is that of its last result.
	ID string `json:"id"`
	// RootID is that of its first result; empty for a handle made of an id.
	RootID string `json:"root_id"`
	// Results are all that it will have.
	Results []WorkflowNode `json:"results"`

	client *Client
}

// WorkflowNode is one result of a workflow: a task's or a group's.
type WorkflowNode struct {
	ID   string `json:"id"`
	Kind string `json:"kind"`
	Task string `json:"task"`
}

// SubmitWorkflow sends a canvas. It returns once the broker has every message that starts it.
func (c *Client) SubmitWorkflow(ctx context.Context, canvas Canvas, options ...SendOption) (*WorkflowHandle, error) {
	req, err := post("/v1/workflows", canvas, options)
	if err != nil {
		return nil, err
	}
	res, err := c.send(ctx, req)
	if err != nil {
		return nil, err
	}
	handle := &WorkflowHandle{client: c}
	return handle, decode(res.body, handle)
}

// Workflow gives the handle of a workflow by the id of its last or its first result; it asks nothing of the gateway.
func (c *Client) Workflow(id string) *WorkflowHandle { return &WorkflowHandle{ID: id, client: c} }

// Status reads how far it is.
func (h *WorkflowHandle) Status(ctx context.Context) (*WorkflowStatus, error) {
	res, err := h.client.send(ctx, &request{method: http.MethodGet, path: h.path()})
	if err != nil {
		return nil, err
	}
	status := &WorkflowStatus{}
	return status, decode(res.body, status)
}

// Wait returns the status once the workflow has ended, well or badly. When the context ends first, the error is a
// *WaitError.
func (h *WorkflowHandle) Wait(ctx context.Context) (*WorkflowStatus, error) {
	var status *WorkflowStatus
	err := h.client.poll(ctx, h.ID, h.path(), func(res *answer) (State, bool, error) {
		status = &WorkflowStatus{}
		err := decode(res.body, status)
		return status.State, status.Terminal, err
	})
	if err != nil {
		return nil, err
	}
	return status, nil
}

// Result waits like Wait and decodes the result of the whole. A workflow without success is a *Problem, ErrTaskFailed
// or ErrTaskRevoked, with the id of the task that decided it.
func (h *WorkflowHandle) Result(ctx context.Context, into any) error {
	status, err := h.Wait(ctx)
	if err != nil {
		return err
	}
	if err := status.Err(); err != nil {
		return err
	}
	return decode(status.Result, into)
}

// Events follows the tasks of the workflow, as [TaskHandle.Events] does one task.
func (h *WorkflowHandle) Events(ctx context.Context) iter.Seq2[Event, error] {
	return h.client.events(ctx, h.path()+"/events")
}

// Cancel revokes what has not begun.
func (h *WorkflowHandle) Cancel(ctx context.Context) error {
	_, err := h.client.send(ctx, &request{method: http.MethodDelete, path: h.path()})
	return err
}

// Terminate revokes what has not ended, and ends what runs.
func (h *WorkflowHandle) Terminate(ctx context.Context) error {
	_, err := h.client.send(ctx, &request{method: http.MethodDelete, path: h.path() + "?terminate=true"})
	return err
}

func (h *WorkflowHandle) path() string { return "/v1/workflows/" + url.PathEscape(h.ID) }
