package celerity

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// The kinds of problems that programs tell apart most, for errors.Is. Any other is told by its Type.
var (
	ErrTaskFailed       = errors.New("celerity: the task failed")
	ErrTaskRevoked      = errors.New("celerity: the task was revoked")
	ErrUnauthorized     = errors.New("celerity: credentials are missing or not valid")
	ErrForbidden        = errors.New("celerity: not allowed with these credentials")
	ErrUnknownTask      = errors.New("celerity: unknown task id")
	ErrInvalidArguments = errors.New("celerity: the request is not valid")
	ErrQuota            = errors.New("celerity: quota exceeded")
	ErrUnavailable      = errors.New("celerity: the gateway or its broker is unavailable")
)

// Problem is an answer that is not 2xx (RFC 9457), or a task that did not succeed.
type Problem struct {
	// Type is the short name, the last part of the type URI, such as "unknown-task". It never changes.
	Type string
	// URI is the whole type. Below the gateway's URL it is a page about the problem.
	URI string
	// Status of the HTTP answer.
	Status int
	Title  string
	Detail string
	// Errors says what is wrong in the request's body, and where.
	Errors []FieldError
	// RetryAfter is what the gateway asked to wait; zero when it said nothing.
	RetryAfter time.Duration
	// TaskID is the task or workflow that the problem is about; empty when there is none.
	TaskID string
	// TaskError says how the task failed; nil for other problems.
	TaskError *TaskError
	// Raw is the body as it came; nil for a problem that was no answer of its own.
	Raw []byte
}

// FieldError is one thing wrong in a request's body.
type FieldError struct {
	// Pointer is a JSON Pointer into the body.
	Pointer string `json:"pointer"`
	Detail  string `json:"detail"`
}

// TaskError is how a task failed, in the words of the language it is written in.
type TaskError struct {
	Type    string            `json:"type"`
	Module  string            `json:"module"`
	Message string            `json:"message"`
	Args    []json.RawMessage `json:"args"`
	// Traceback is shown by gateways that are set to.
	Traceback string `json:"traceback"`
}

// NetworkError means that there was no answer: no connection, a broken one, or none in time.
type NetworkError struct{ Err error }

func (e *NetworkError) Error() string {
	return "celerity: no answer from the gateway: " + e.Err.Error()
}

// Unwrap gives the network's own error.
func (e *NetworkError) Unwrap() error { return e.Err }

func (p *Problem) Error() string {
	if p.Detail == "" {
		return fmt.Sprintf("celerity: %s (%d %s)", p.Title, p.Status, p.Type)
	}
	return fmt.Sprintf("celerity: %s: %s (%d %s)", p.Title, p.Detail, p.Status, p.Type)
}

// Is makes errors.Is(err, ErrTaskFailed) and its like work.
func (p *Problem) Is(kind error) bool {
	switch kind {
	case ErrTaskFailed:
		return p.Type == "task-failed"
	case ErrTaskRevoked:
		return p.Type == "task-revoked"
	case ErrUnauthorized:
		return p.Status == http.StatusUnauthorized
	case ErrForbidden:
		return p.Status == http.StatusForbidden
	case ErrUnknownTask:
		return p.Type == "unknown-task"
	case ErrInvalidArguments:
		return p.Status == http.StatusUnprocessableEntity
	case ErrQuota:
		return p.Status == http.StatusTooManyRequests
	case ErrUnavailable:
		return p.Status == http.StatusServiceUnavailable
	}
	return false
}

// isTemporary says that the same request may succeed later.
func (p *Problem) isTemporary() bool {
	switch p.Status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return p.Status == http.StatusConflict && p.Type == "idempotency-in-progress"
}

// problemBody is a problem as it stands in JSON.
type problemBody struct {
	Type   string       `json:"type"`
	Title  string       `json:"title"`
	Status int          `json:"status"`
	Detail string       `json:"detail"`
	Errors []FieldError `json:"errors"`
	ID     string       `json:"id"`
	Error  *TaskError   `json:"error"`
}

// newProblem reads an answer; one that is no problem+json, as proxies send, is a Problem of the type about:blank.
func newProblem(status int, header http.Header, body []byte) *Problem {
	var known problemBody
	if err := json.Unmarshal(body, &known); err != nil {
		known = problemBody{}
	}
	problem := known.problem(body)
	problem.Status = status
	problem.RetryAfter = retryAfter(header, time.Now())
	return problem
}

func (b problemBody) problem(raw []byte) *Problem {
	if b.Type == "" {
		b.Type = "about:blank"
	}
	if b.Title == "" {
		b.Title = http.StatusText(b.Status)
	}
	return &Problem{
		Type:      b.Type[strings.LastIndexAny(b.Type, "/#")+1:],
		URI:       b.Type,
		Status:    b.Status,
		Title:     b.Title,
		Detail:    b.Detail,
		Errors:    b.Errors,
		TaskID:    b.ID,
		TaskError: b.Error,
		Raw:       raw,
	}
}
