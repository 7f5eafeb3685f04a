package celerity

import "encoding/json"

// Canvas is work of several tasks: a [Task], a [Chain], a [Group] or a [Chord], nested in any way.
type Canvas interface {
	json.Marshaler
	isCanvas()
}

// Chain runs its steps one after the other; each gets the result of the one before as its first argument.
type Chain []Canvas

// Group runs its members at once; its result is the list of theirs.
type Group []Canvas

// Chord runs a header at once, and then the body with the list of the header's results.
type Chord struct {
	Header []Canvas
	Body   Canvas
}

func (Task) isCanvas()  {}
func (Chain) isCanvas() {}
func (Group) isCanvas() {}
func (Chord) isCanvas() {}

// MarshalJSON writes the task as a part of a canvas.
func (t Task) MarshalJSON() ([]byte, error) {
	canvas := t.call()
	if t.Immutable {
		canvas["immutable"] = true
	}
	options := map[string]any{}
	t.addOptions(options)
	if len(options) > 0 {
		canvas["options"] = options
	}
	return json.Marshal(canvas)
}

// MarshalJSON writes {"chain": [...]}.
func (c Chain) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string][]Canvas{"chain": c})
}

// MarshalJSON writes {"group": [...]}.
func (g Group) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string][]Canvas{"group": g})
}

// MarshalJSON writes {"chord": {"header": [...], "body": ...}}.
func (c Chord) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]any{"chord": map[string]any{"header": c.Header, "body": c.Body}})
}
