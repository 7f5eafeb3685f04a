package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"os"

	celerity "github.com/celerity-tasks/celerity/clients/go"
)

type object = map[string]any

func (r *runner) do(ctx context.Context, s step) (any, error) {
	if s.Do == "verify" {
		return verify(s.Webhook)
	}
	client, err := s.client()
	if err != nil {
		return nil, err
	}
	handle := client.Task(r.text(s.ID))
	switch s.Do {
	case "submit":
		return r.submit(ctx, client, s)
	case "get":
		return view(handle.Status(ctx))
	case "wait":
		return view(handle.Wait(ctx))
	case "call":
		result, err := celerity.Call[any](ctx, client, r.build(s))
		return object{"result": result}, err
	case "result":
		return celerity.Result[any](ctx, handle)
	case "exact":
		number, err := celerity.Call[*big.Int](ctx, client, r.build(s))
		return number.String(), err
	case "stream":
		return stream(ctx, client, r.build(s))
	case "cancel":
		return object{"id": handle.ID}, handle.Cancel(ctx)
	case "batch":
		return batch(ctx, client, s)
	case "workflow":
		return workflow(ctx, client, s)
	}
	return nil, fmt.Errorf("nothing is known of %q", s.Do)
}

func (r *runner) submit(ctx context.Context, client *celerity.Client, s step) (any, error) {
	handle, err := client.Submit(ctx, r.build(s))
	if err != nil {
		return nil, err
	}
	if s.Save != "" {
		r.saved["$"+s.Save] = handle.ID
	}
	return object{"id": handle.ID, "task": handle.Task, "state": handle.State}, nil
}

func view(status *celerity.Status, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return object{"id": status.ID, "state": status.State, "result": status.Result}, nil
}

func stream(ctx context.Context, client *celerity.Client, task celerity.Task) (any, error) {
	handle, err := client.Submit(ctx, task)
	if err != nil {
		return nil, err
	}
	states, progress := []celerity.State{}, []json.RawMessage{}
	var result json.RawMessage
	seen := map[celerity.State]bool{"PENDING": true, "ACCEPTED": true, "STARTED": true}
	for event, err := range handle.Events(ctx) {
		if err != nil {
			return nil, err
		}
		status, err := event.Status()
		if err != nil {
			return nil, err
		}
		switch event.Type {
		case "state":
			if !seen[status.State] {
				states = append(states, status.State)
			}
			seen[status.State] = true
		case "progress":
			var meta struct{ Done json.RawMessage }
			if err := json.Unmarshal(status.Meta, &meta); err != nil {
				return nil, err
			}
			progress = append(progress, meta.Done)
		case "result":
			result = status.Result
		}
	}
	return object{"states": states, "progress": progress, "result": result}, nil
}

func batch(ctx context.Context, client *celerity.Client, s step) (any, error) {
	tasks := make([]celerity.Task, len(s.Items))
	for i, item := range s.Items {
		tasks[i] = item.build()
	}
	items, err := client.Batch(ctx, tasks)
	statuses, problems := []int{}, []any{}
	for _, item := range items {
		statuses = append(statuses, item.Status)
		if item.Problem == nil {
			problems = append(problems, nil)
		} else {
			problems = append(problems, item.Problem.Type)
		}
	}
	return object{"statuses": statuses, "problems": problems}, err
}

func workflow(ctx context.Context, client *celerity.Client, s step) (any, error) {
	handle, err := client.SubmitWorkflow(ctx, s.Canvas.build())
	if err != nil {
		return nil, err
	}
	status, err := handle.Wait(ctx)
	if err != nil {
		return nil, err
	}
	return object{"state": status.State, "result": status.Result}, nil
}

func verify(name string) (any, error) {
	text, err := os.ReadFile(os.Getenv("WEBHOOKS"))
	if err != nil {
		return nil, err
	}
	var webhooks map[string]struct {
		Secret  secrets
		Headers map[string]string
		Body    []byte `json:"body_base64"`
	}
	if err := json.Unmarshal(text, &webhooks); err != nil {
		return nil, err
	}
	given := webhooks[name]
	header := http.Header{}
	for name, value := range given.Headers {
		header.Set(name, value)
	}
	event, err := celerity.Webhooks{Secrets: given.Secret}.Verify(given.Body, header)
	var refusal *celerity.WebhookError
	if errors.As(err, &refusal) {
		return object{"valid": false}, nil
	}
	if err != nil {
		return nil, err
	}
	return object{"valid": true, "type": event.Type}, nil
}
