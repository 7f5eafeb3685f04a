package celerity

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// Retry says how requests are repeated. Members that are zero have their defaults.
type Retry struct {
	// Attempts in all. Default: 4.
	Attempts int
	// First is the longest delay before the second attempt; it doubles with each one. Default: 0.25 s.
	First time.Duration
	// Max is the longest delay of all. Default: 10 s.
	Max time.Duration
}

// maxRetryAfter bounds what a gateway may ask for.
const maxRetryAfter = time.Minute

func (r Retry) withDefaults() Retry {
	if r.Attempts == 0 {
		r.Attempts = 4
	}
	if r.First == 0 {
		r.First = 250 * time.Millisecond
	}
	if r.Max == 0 {
		r.Max = 10 * time.Second
	}
	return r
}

// delay after this failed attempt, the first being 1: random up to the bound ("full jitter"), so that many clients do
// not come back at once, and at least what the gateway asked for.
func (r Retry) delay(attempt int, asked time.Duration) time.Duration {
	bound := r.First
	for n := 1; n < attempt && bound < r.Max; n++ {
		bound *= 2
	}
	return max(rand.N(min(bound, r.Max)+1), min(asked, maxRetryAfter))
}

// next says whether an attempt that failed is followed by another, and after what delay.
func (r Retry) next(attempt int, err error) (time.Duration, bool) {
	if attempt >= r.Attempts {
		return 0, false
	}
	var problem *Problem
	if errors.As(err, &problem) {
		return r.delay(attempt, problem.RetryAfter), problem.isTemporary()
	}
	var network *NetworkError
	return r.delay(attempt, 0), errors.As(err, &network)
}

// retryAfter reads the header: seconds, or a date. Zero when it is missing, past or neither.
func retryAfter(header http.Header, now time.Time) time.Duration {
	text := header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if date, err := http.ParseTime(text); err == nil {
		return max(0, date.Sub(now))
	}
	return 0
}

// sleep returns the context's error when it ends first.
func sleep(ctx context.Context, delay time.Duration) error {
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
