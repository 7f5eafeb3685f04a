package celerity

import (
	"errors"
	"net/http"
	"testing"
	"time"
)

func TestDelayIsRandomBelowADoublingBound(t *testing.T) {
	retry := Retry{}.withDefaults()
	bounds := []time.Duration{
		250 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second,
		4 * time.Second, 8 * time.Second, 10 * time.Second, 10 * time.Second,
	}
	for i, bound := range bounds {
		var longest time.Duration
		for range 500 {
			longest = max(longest, retry.delay(i+1, 0))
		}
		if longest > bound || longest < bound*9/10 {
			t.Errorf("attempt %d: the longest of 500 delays is %v, the bound %v", i+1, longest, bound)
		}
	}
}

func TestDelayIsAtLeastWhatTheGatewayAsksFor(t *testing.T) {
	retry := Retry{}.withDefaults()
	if delay := retry.delay(1, 7*time.Second); delay != 7*time.Second {
		t.Errorf("asked for 7 s, waits %v", delay)
	}
	if delay := retry.delay(1, time.Hour); delay != maxRetryAfter {
		t.Errorf("asked for an hour, waits %v", delay)
	}
}

func TestRetryAfterIsSecondsOrADate(t *testing.T) {
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"3":                             3 * time.Second,
		"Wed, 02 Jan 2030 03:04:15 GMT": 10 * time.Second,
		"Wed, 02 Jan 2030 03:04:00 GMT": 0,
		"soon":                          0,
		"-1":                            0,
		"":                              0,
	} {
		if got := retryAfter(http.Header{"Retry-After": {text}}, now); got != want {
			t.Errorf("Retry-After %q is %v, want %v", text, got, want)
		}
	}
}

func TestWhatIsRepeated(t *testing.T) {
	retry := Retry{}.withDefaults()
	for _, c := range []struct {
		err  error
		want bool
	}{
		{&NetworkError{Err: errors.New("reset")}, true},
		{&Problem{Status: 429}, true},
		{&Problem{Status: 502}, true},
		{&Problem{Status: 503}, true},
		{&Problem{Status: 504}, true},
		{&Problem{Status: 409, Type: "idempotency-in-progress"}, true},
		{&Problem{Status: 409, Type: "task-terminal"}, false},
		{&Problem{Status: 400}, false},
		{&Problem{Status: 500}, false},
		{errors.New("the answer does not fit"), false},
	} {
		if _, again := retry.next(1, c.err); again != c.want {
			t.Errorf("%+v: repeated %v, want %v", c.err, again, c.want)
		}
		if _, again := retry.next(retry.Attempts, c.err); again {
			t.Errorf("%+v: repeated after the last attempt", c.err)
		}
	}
}
