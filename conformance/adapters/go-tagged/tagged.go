// Package tagged has what adapters in Go share: values as tagged JSON, see docs/conformance.md.
package tagged

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// Tag writes a value as tagged JSON. Numbers are what encoding/json makes of them: a float64 of 5 is the integer 5.
// It panics with what encoding/json says when that cannot write the value.
func Tag(value any) any {
	text, err := json.Marshal(value)
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var plain any
	if err = errors.Join(err, decoder.Decode(&plain)); err != nil {
		panic(err)
	}
	return tag(plain)
}

func tag(value any) any {
	switch value := value.(type) {
	case json.Number:
		if strings.ContainsAny(value.String(), ".eE") || value == "-0" {
			return Object{"$float": value.String()}
		}
		return Object{"$int": value.String()}
	case []any:
		items := make([]any, len(value))
		for i, item := range value {
			items[i] = tag(item)
		}
		return items
	case Object:
		members := make(Object, len(value))
		for name, item := range value {
			members[name] = tag(item)
			if len(value) == 1 && strings.HasPrefix(name, "$") {
				return Object{"$dict": []any{[]any{name, members[name]}}}
			}
		}
		return members
	default:
		return value
	}
}

// TagTime writes a time as tagged JSON; the zero time, which stands for none, is null.
func TagTime(moment time.Time) any {
	if moment.IsZero() {
		return nil
	}
	return Object{"$datetime": moment.Format(time.RFC3339Nano)}
}

// Untag reads tagged JSON, as encoding/json decodes it, into int64, *big.Int, float64, time.Time and what JSON has.
// It panics with a Skip for what Go's JSON has nothing for.
func Untag(value any) any {
	switch value := value.(type) {
	case []any:
		items := make([]any, len(value))
		for i, item := range value {
			items[i] = Untag(item)
		}
		return items
	case Object:
		members := make(Object, len(value))
		for name, item := range value {
			if len(value) == 1 && strings.HasPrefix(name, "$") {
				return untagOne(name, item)
			}
			members[name] = Untag(item)
		}
		return members
	default:
		return value
	}
}

func untagOne(name string, content any) any {
	text, _ := content.(string)
	switch name {
	case "$int":
		if number, err := strconv.ParseInt(text, 10, 64); err == nil {
			return number
		}
		if number, ok := new(big.Int).SetString(text, 10); ok {
			return number
		}
	case "$float":
		if number, err := strconv.ParseFloat(text, 64); err == nil && !math.IsInf(number, 0) {
			return number
		}
	case "$tuple":
		return Untag(content)
	case "$dict":
		return untagDict(content)
	case "$datetime":
		if moment, err := time.Parse(time.RFC3339Nano, text); err == nil {
			return moment
		}
	}
	panic(Skip(fmt.Sprintf("Go's JSON has nothing for {%q: %v}", name, content)))
}

func untagDict(content any) any {
	pairs, _ := content.([]any)
	members := make(Object, len(pairs))
	for _, pair := range pairs {
		pair, _ := pair.([]any)
		name, isText := pair[0].(string)
		if !isText {
			panic(Skip("an Object's keys are text"))
		}
		members[name] = Untag(pair[1])
	}
	return members
}

// Types is what the standard task conf.types returns.
var Types = Object{"null": nil, "true": true, "int": 1, "float": 1.5, "text": "naïve ☃",
	"list": []any{1, []any{2}}, "object": Object{"a": Object{"b": nil}}}
