// Package celerity sends Celery tasks through a Celerity gateway, follows them and reads their results.
//
//	client, err := celerity.FromEnv()
//	sum, err := celerity.Call[int](ctx, client, celerity.NewTask("examples.add", 2, 3))
//
// A [Client] is safe for use by several goroutines. Every call takes a context, and its deadline is the only bound on
// how long a caller waits. Requests are repeated when the network or the gateway fails for a moment; what sends tasks
// carries an idempotency key, so that a repeated request runs them once.
//
// What the gateway refuses is a [*Problem], and what the network does a [*NetworkError]:
//
//	if errors.Is(err, celerity.ErrTaskFailed) { ... }
//	var problem *celerity.Problem
//	if errors.As(err, &problem) { log.Print(problem.Type, problem.Errors) }
package celerity

// Version of this module.
const Version = "0.1.0"
