package celerity

import (
	"context"
	"net/http"
)

// SendOption changes a request that sends many tasks.
type SendOption func(http.Header)

// WithIdempotencyKey names a batch or a workflow: who repeats it gets the first answer. Default: a random UUID.
func WithIdempotencyKey(key string) SendOption {
	return func(header http.Header) { header.Set("Idempotency-Key", key) }
}

// AllOrNothing sends a batch only when every task in it is good; otherwise the problem is "batch-refused".
func AllOrNothing() SendOption {
	return func(header http.Header) { header.Set("Prefer", "handling=strict") }
}

// Submit sends a task. It returns once the broker has confirmed the task, and does not wait for its end.
func (c *Client) Submit(ctx context.Context, task Task) (*TaskHandle, error) {
	var options []SendOption
	if task.IdempotencyKey != "" {
		options = append(options, WithIdempotencyKey(task.IdempotencyKey))
	}
	req, err := post("/v1/tasks", task.body(), options)
	if err != nil {
		return nil, err
	}
	res, err := c.send(ctx, req)
	if err != nil {
		return nil, err
	}
	handle := &TaskHandle{client: c}
	return handle, decode(res.body, handle)
}

// BatchItem is what became of one task of a batch: a handle, or the problem why there is none.
type BatchItem struct {
	// Status is 202 for a task that was sent, 200 for one that was there before, else that of the problem.
	Status  int
	Handle  *TaskHandle
	Problem *Problem
}

// Batch sends up to 1000 tasks in one request, each by itself unless [AllOrNothing] is given. The items are in the
// order of the tasks.
func (c *Client) Batch(ctx context.Context, tasks []Task, options ...SendOption) ([]BatchItem, error) {
	bodies := make([]map[string]any, len(tasks))
	for i, task := range tasks {
		bodies[i] = task.body()
		if task.IdempotencyKey != "" {
			bodies[i]["idempotency_key"] = task.IdempotencyKey
		}
	}
	req, err := post("/v1/tasks:batch", bodies, options)
	if err != nil {
		return nil, err
	}
	res, err := c.send(ctx, req)
	if err != nil {
		return nil, err
	}
	var known struct {
		Items []struct {
			Status int `json:"status"`
			TaskHandle
			Problem *problemBody `json:"problem"`
		} `json:"items"`
	}
	if err := decode(res.body, &known); err != nil {
		return nil, err
	}
	items := make([]BatchItem, len(known.Items))
	for i, item := range known.Items {
		items[i].Status = item.Status
		if item.Problem != nil {
			items[i].Problem = item.Problem.problem(nil)
			continue
		}
		item.client = c
		items[i].Handle = &item.TaskHandle
	}
	return items, nil
}

// Call sends a task and waits for what it returns, until the context ends. A task that fails is a *Problem,
// ErrTaskFailed.
//
// R may be any type that encoding/json reads; numbers within an any are json.Number, and *big.Int takes integers of
// any size.
func Call[R any](ctx context.Context, client *Client, task Task) (R, error) {
	handle, err := client.Submit(ctx, task)
	if err != nil {
		var none R
		return none, err
	}
	return Result[R](ctx, handle)
}

// Handle is a *TaskHandle or a *WorkflowHandle.
type Handle interface {
	Result(ctx context.Context, into any) error
}

// Result waits for what a task or a workflow returns, like the method of the handle, for any R that [Call] takes.
func Result[R any](ctx context.Context, handle Handle) (R, error) {
	var result R
	err := handle.Result(ctx, &result)
	return result, err
}
