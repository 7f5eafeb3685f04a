package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	celerity "github.com/celerity-tasks/celerity/clients/go"
)

// step of the scenario.
type step struct {
	Name string
	Do   string
	call
	Options  options
	Save     string
	ID       string
	Key      string
	URL      string
	TimeoutS int `json:"timeout_s"`
	Items    []call
	Canvas   canvas
	Webhook  string
}

type call struct {
	Task   string
	Args   []any
	Kwargs map[string]any
}

type options struct {
	Tags           []string
	Priority       *int
	DelayS         float64 `json:"delay_s"`
	ExpiresS       float64 `json:"expires_s"`
	IdempotencyKey string  `json:"idempotency_key"`
}

type canvas struct {
	call
	Chain []canvas
	Group []canvas
	Chord *struct {
		Header []canvas
		Body   canvas
	}
}

func (c call) build() celerity.Task {
	return celerity.Task{Name: c.Task, Args: c.Args, Kwargs: c.Kwargs}
}

func (c canvas) build() celerity.Canvas {
	switch {
	case c.Chain != nil:
		return celerity.Chain(buildAll(c.Chain))
	case c.Group != nil:
		return celerity.Group(buildAll(c.Group))
	case c.Chord != nil:
		return celerity.Chord{Header: buildAll(c.Chord.Header), Body: c.Chord.Body.build()}
	}
	return c.call.build()
}

func buildAll(parts []canvas) []celerity.Canvas {
	built := make([]celerity.Canvas, len(parts))
	for i, part := range parts {
		built[i] = part.build()
	}
	return built
}

// build makes the task of a step with its options.
func (r *runner) build(s step) celerity.Task {
	task := s.call.build()
	task.Tags, task.Priority = s.Options.Tags, s.Options.Priority
	task.Delay = time.Duration(s.Options.DelayS * float64(time.Second))
	task.ExpiresIn = time.Duration(s.Options.ExpiresS * float64(time.Second))
	task.IdempotencyKey = r.text(s.Options.IdempotencyKey)
	return task
}

// client for the step: at another URL, or without a key.
func (s step) client() (*celerity.Client, error) {
	if s.Key == "none" {
		return celerity.FromEnv(celerity.WithKey(""))
	}
	switch s.URL {
	case "":
		return celerity.FromEnv()
	case "busy":
		return celerity.New(os.Getenv("URL_BUSY"), celerity.WithKey(os.Getenv("CELERITY_API_KEY")))
	case "cut":
		return celerity.New(os.Getenv("URL_CUT"), celerity.WithKey(os.Getenv("CELERITY_API_KEY")))
	case "down":
		return celerity.New(os.Getenv("URL_DOWN"), celerity.WithKey(os.Getenv("CELERITY_API_KEY")))
	}
	return nil, fmt.Errorf("no URL is called %q", s.URL)
}

// secrets are one, or a list.
type secrets []string

func (s *secrets) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*s = secrets{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(s))
}
