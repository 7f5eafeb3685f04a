package celerity

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

func readEvents(t *testing.T, stream io.Reader) ([]string, cursor) {
	t.Helper()
	var at cursor
	reader := newEventReader(stream, &at)
	events := []string{}
	for {
		event, err := reader.next()
		if errors.Is(err, io.EOF) {
			return events, at
		}
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, fmt.Sprintf("%s %s %s", event.ID, event.Type, event.Data))
	}
}

func TestEventsAreReadAsTheStandardSays(t *testing.T) {
	for name, c := range map[string]struct {
		stream string
		want   []string
	}{
		"one event":             {"id: 1\nevent: state\ndata: {}\n\n", []string{"1 state {}"}},
		"comments":              {": heartbeat\n\ndata: 1\n\n", []string{" message 1"}},
		"no space":              {"data:x\n\n", []string{" message x"}},
		"two spaces":            {"data:  x\n\n", []string{" message  x"}},
		"lines of data":         {"data: [1,\ndata: 2]\n\n", []string{" message [1,\n2]"}},
		"CRLF":                  {"event: a\r\ndata: 1\r\n\r\ndata: 2\r\n\r\n", []string{" a 1", " message 2"}},
		"CR":                    {"event: a\rdata: 1\r\rdata: 2\r\r", []string{" a 1", " message 2"}},
		"a byte order mark":     {"\ufeffdata: 1\n\n", []string{" message 1"}},
		"an event without data": {"event: a\nid: 7\n\ndata: 1\n\n", []string{"7 message 1"}},
		"an id that stays":      {"id: 1\ndata: 1\n\ndata: 2\n\n", []string{"1 message 1", "1 message 2"}},
		"an event cut short":    {"data: 1\n\ndata: 2\n", []string{" message 1"}},
		"a line cut short":      {"data: 1\n\ndata: 2", []string{" message 1"}},
		"a colon in the data":   {"data: {\"a\": \"b:c\"}\n\n", []string{` message {"a": "b:c"}`}},
	} {
		t.Run(name, func(t *testing.T) {
			for how, stream := range map[string]io.Reader{
				"at once":      strings.NewReader(c.stream),
				"byte by byte": iotest.OneByteReader(strings.NewReader(c.stream)),
			} {
				if got, _ := readEvents(t, stream); !reflect.DeepEqual(got, c.want) {
					t.Errorf("%s: got %q, want %q", how, got, c.want)
				}
			}
		})
	}
}

func TestCursorKeepsTheLastIDAndTheDelay(t *testing.T) {
	_, at := readEvents(t, strings.NewReader("retry: 2000\n\nid: 5\ndata: 1\n\nid: 6\n\n"))
	if at.lastID != "6" || at.retry != 2*time.Second {
		t.Errorf("got %+v", at)
	}
}
