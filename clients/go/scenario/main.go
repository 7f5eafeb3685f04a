// Command scenario does the steps of clients/scenario.json through the public functions of the client, and prints one
// line of JSON for each.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"log"
	"os"
	"strconv"
	"strings"
	"time"

	celerity "github.com/celerity-tasks/celerity/clients/go"
)

// line is what is printed of a step.
type line struct {
	Step     string   `json:"step"`
	Value    any      `json:"value,omitempty"`
	Problem  string   `json:"problem,omitempty"`
	Status   int      `json:"status,omitempty"`
	Error    string   `json:"error,omitempty"`
	Pointers []string `json:"pointers,omitempty"`
	Broken   string   `json:"broken,omitempty"`
}

func main() {
	text, err := os.ReadFile(os.Getenv("SCENARIO"))
	if err != nil {
		log.Fatal(err)
	}
	var scenario struct{ Steps []json.RawMessage }
	if err := json.Unmarshal(text, &scenario); err != nil {
		log.Fatal(err)
	}
	run := newRunner()
	out := json.NewEncoder(os.Stdout)
	for _, raw := range scenario.Steps {
		if err := out.Encode(run.line(raw)); err != nil {
			log.Fatal(err)
		}
	}
}

// runner keeps what later steps need of earlier ones.
type runner struct {
	// saved ids, and texts that are made once, by their names with the dollar.
	saved  map[string]string
	unique string
}

func newRunner() *runner {
	return &runner{saved: map[string]string{}, unique: strconv.FormatInt(time.Now().UnixNano(), 36)}
}

func (r *runner) line(raw json.RawMessage) line {
	var s step
	if err := json.Unmarshal(raw, &s); err != nil {
		return line{Step: s.Name, Broken: err.Error()}
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.timeout())
	defer cancel()
	value, err := r.do(ctx, s)
	var problem *celerity.Problem
	switch {
	case errors.As(err, &problem):
		return refused(s.Name, problem)
	case err != nil:
		return line{Step: s.Name, Broken: err.Error()}
	}
	return line{Step: s.Name, Value: value}
}

func refused(name string, problem *celerity.Problem) line {
	l := line{Step: name, Problem: problem.Type, Status: problem.Status}
	if problem.TaskError != nil {
		l.Error = problem.TaskError.Message
	}
	for _, field := range problem.Errors {
		l.Pointers = append(l.Pointers, field.Pointer)
	}
	return l
}

// text puts in what a name with a dollar stands for.
func (r *runner) text(text string) string {
	if strings.HasPrefix(text, "$unique-") {
		return r.unique + text
	}
	if saved, ok := r.saved[text]; ok {
		return saved
	}
	return text
}

func (s step) timeout() time.Duration {
	if s.TimeoutS == 0 {
		return time.Minute
	}
	return time.Duration(s.TimeoutS) * time.Second
}
