package celerity

import (
	"encoding/json"
	"net/http"
	"time"
)

// State of a task: Celery's, two of the gateway's, and whatever a task calls its own.
type State string

// The states that are known; a task may call others its own.
const (
	StatePending   State = "PENDING"
	StateScheduled State = "SCHEDULED"
	StateStarted   State = "STARTED"
	StateProgress  State = "PROGRESS"
	StateRetry     State = "RETRY"
	StateSuccess   State = "SUCCESS"
	StateFailure   State = "FAILURE"
	StateRevoked   State = "REVOKED"
	StateLost      State = "LOST"
)

// Status is what the gateway knows of a task.
type Status struct {
	ID    string `json:"id"`
	Task  string `json:"task"`
	Queue string `json:"queue"`
	State State  `json:"state"`
	// Terminal: the state will not change any more.
	Terminal bool `json:"terminal"`
	// Result is the return value as JSON; only in SUCCESS.
	Result json.RawMessage `json:"result"`
	// Meta is what the task says of itself in a state of its own, such as its progress.
	Meta    json.RawMessage `json:"meta"`
	Error   *TaskError      `json:"error"`
	Retries int             `json:"retries"`
	Worker  string          `json:"worker"`
	Tags    []string        `json:"tags"`
	// Times are zero when they are not known.
	ETA         time.Time `json:"eta"`
	SubmittedAt time.Time `json:"submitted_at"`
	DoneAt      time.Time `json:"done_at"`
}

// Err is nil unless the task ended without success: then it is a *Problem, ErrTaskFailed or ErrTaskRevoked.
func (s *Status) Err() error {
	if !s.Terminal || s.State == StateSuccess {
		return nil
	}
	return outcome(s.ID, s.State, s.Error)
}

// WorkflowStatus is what the gateway knows of a workflow.
type WorkflowStatus struct {
	// ID is that of its last result, RootID of its first.
	ID       string `json:"id"`
	RootID   string `json:"root_id"`
	State    State  `json:"state"`
	Terminal bool   `json:"terminal"`
	// Total is the number of its tasks, Ended of those that have ended, Counts by state.
	Total  int           `json:"total"`
	Ended  int           `json:"ended"`
	Counts map[State]int `json:"counts"`
	// Result is that of the whole as JSON; only in SUCCESS.
	Result json.RawMessage `json:"result"`
	Error  *TaskError      `json:"error"`
	// FailedTask is the id of the task that decided that nothing can follow.
	FailedTask  string    `json:"failed_task"`
	SubmittedAt time.Time `json:"submitted_at"`
	DoneAt      time.Time `json:"done_at"`
}

// Err is nil unless the workflow ended without success; its Problem names the task that failed.
func (s *WorkflowStatus) Err() error {
	if !s.Terminal || s.State == StateSuccess {
		return nil
	}
	return outcome(s.FailedTask, s.State, s.Error)
}

// outcome is the Problem that the gateway itself answers when the result of such a task is asked for.
func outcome(id string, state State, cause *TaskError) error {
	problem := &Problem{
		Type:      "task-failed",
		URI:       "/problems/task-failed",
		Title:     "The task failed",
		Status:    http.StatusFailedDependency,
		TaskID:    id,
		TaskError: cause,
	}
	if state == StateRevoked {
		problem.Type, problem.URI, problem.Title = "task-revoked", "/problems/task-revoked", "The task was revoked"
	}
	if cause != nil {
		problem.Detail = cause.Message
	}
	return problem
}
