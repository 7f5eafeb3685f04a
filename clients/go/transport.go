package celerity

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// maxAnswerBytes bounds what is read into memory of one answer, or of one event of a stream.
const maxAnswerBytes = 64 << 20

// request is what every attempt sends.
type request struct {
	method string
	path   string
	header http.Header
	body   []byte
}

// answer is a 2xx answer, read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// post makes a request that sends tasks. Its idempotency key is the same in every attempt.
func post(path string, body any, options []SendOption) (*request, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("celerity: the arguments have no JSON form: %w", err)
	}
	header := http.Header{"Idempotency-Key": {randomUUID()}, "Content-Type": {"application/json"}}
	for _, option := range options {
		option(header)
	}
	return &request{method: http.MethodPost, path: path, header: header, body: text}, nil
}

// send repeats the request until it is answered with 2xx, refused for good, or out of attempts.
func (c *Client) send(ctx context.Context, req *request) (*answer, error) {
	for attempt := 1; ; attempt++ {
		res, err := c.attempt(ctx, req)
		if err == nil {
			return res, nil
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("celerity: %s %s: %w", req.method, req.path, ctx.Err())
		}
		delay, again := c.retry.next(attempt, err)
		if !again {
			return nil, err
		}
		if stopped := sleep(ctx, delay); stopped != nil {
			return nil, fmt.Errorf("%w before another attempt: %w", stopped, err)
		}
	}
}

func (c *Client) attempt(ctx context.Context, req *request) (*answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	res, err := c.open(ctx, req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := readAll(res.Body)
	if err != nil {
		return nil, err
	}
	return &answer{status: res.StatusCode, header: res.Header, body: body}, nil
}

// open starts a request; the body of a 2xx answer is the caller's to read and to close. Other answers are a Problem.
func (c *Client) open(ctx context.Context, req *request) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, req.method, c.base+req.path, bytes.NewReader(req.body))
	if err != nil {
		return nil, fmt.Errorf("celerity: %w", err)
	}
	for name, values := range req.header {
		r.Header[name] = values
	}
	r.Header.Set("User-Agent", c.userAgent)
	if c.key != "" {
		r.Header.Set("Authorization", "Bearer "+c.key)
	}
	res, err := c.http.Do(r)
	if err != nil {
		return nil, &NetworkError{Err: err}
	}
	if res.StatusCode/100 == 2 {
		return res, nil
	}
	defer res.Body.Close()
	body, err := readAll(res.Body)
	if err != nil {
		return nil, err
	}
	return nil, newProblem(res.StatusCode, res.Header, body)
}

func readAll(body io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(body, maxAnswerBytes+1))
	if err != nil {
		return nil, &NetworkError{Err: err}
	}
	if len(data) > maxAnswerBytes {
		return nil, fmt.Errorf("celerity: the answer has more than %d bytes", maxAnswerBytes)
	}
	return data, nil
}

// decode keeps numbers exact where the target leaves them a choice: as json.Number.
func decode(data []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("celerity: the answer does not fit %T: %w", into, err)
	}
	return nil
}

func randomUUID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails since Go 1.24, and practically never before
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
