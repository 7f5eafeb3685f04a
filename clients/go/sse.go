package celerity

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// cursor is what a stream says of itself, and what counts when it is opened again.
type cursor struct {
	lastID string
	// retry is the least time before the stream is opened again.
	retry time.Duration
}

// eventReader reads server-sent events as the HTML standard defines them.
type eventReader struct {
	lines  *bufio.Scanner
	cursor *cursor
	// onLine is told of every line, comments too.
	onLine func()
}

func newEventReader(stream io.Reader, cursor *cursor) *eventReader {
	lines := bufio.NewScanner(stream)
	lines.Buffer(nil, maxAnswerBytes)
	lines.Split(splitLines())
	return &eventReader{lines: lines, cursor: cursor, onLine: func() {}}
}

// next event that has data; io.EOF after the last one. An event that breaks off is none.
func (r *eventReader) next() (Event, error) {
	event := Event{ID: r.cursor.lastID, Type: "message"}
	var data []byte
	for r.lines.Scan() {
		r.onLine()
		line := r.lines.Text()
		if line == "" {
			// An event that broke off must not count as seen.
			r.cursor.lastID = event.ID
			if len(data) > 0 {
				event.Data = data[:len(data)-1]
				return event, nil
			}
			event.Type = "message"
			continue
		}
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch name {
		case "event":
			event.Type = value
		case "data":
			if len(data)+len(value) > maxAnswerBytes {
				return Event{}, fmt.Errorf("celerity: an event has more than %d bytes", maxAnswerBytes)
			}
			data = append(append(data, value...), '\n')
		case "id":
			if !strings.Contains(value, "\x00") {
				event.ID = value
			}
		case "retry":
			if ms, err := strconv.ParseUint(value, 10, 16); err == nil {
				r.cursor.retry = time.Duration(ms) * time.Millisecond
			}
		}
	}
	switch err := r.lines.Err(); err {
	case nil:
		return Event{}, io.EOF
	case bufio.ErrTooLong:
		return Event{}, fmt.Errorf("celerity: an event has more than %d bytes", maxAnswerBytes)
	default:
		return Event{}, &NetworkError{Err: err}
	}
}

// splitLines ends lines at CR, LF or both, and leaves out a byte order mark.
func splitLines() bufio.SplitFunc {
	start, afterCR := true, false
	return func(data []byte, atEOF bool) (int, []byte, error) {
		skip := 0
		if start {
			mark := []byte("\ufeff")
			if !atEOF && len(data) < len(mark) && bytes.HasPrefix(mark, data) {
				return 0, nil, nil
			}
			skip = len(data) - len(bytes.TrimPrefix(data, mark))
		}
		if afterCR && bytes.HasPrefix(data, []byte("\n")) {
			skip = 1
		}
		at := bytes.IndexAny(data[skip:], "\r\n")
		if at < 0 {
			return 0, nil, nil // the rest of a broken stream is no line
		}
		start, afterCR = false, data[skip+at] == '\r'
		return skip + at + 1, data[skip : skip+at], nil
	}
}
