package celerity_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net/http"
	"time"

	celerity "github.com/celerity-tasks/celerity/clients/go"
)

var (
	ctx       = context.Background()
	client, _ = celerity.FromEnv()
)

func ExampleCall() {
	power, err := celerity.Call[*big.Int](ctx, client, celerity.NewTask("examples.power", 2, 70))
	var problem *celerity.Problem
	switch {
	case errors.Is(err, celerity.ErrTaskFailed) && errors.As(err, &problem):
		log.Fatal(problem.TaskError.Message)
	case err != nil:
		log.Fatal(err)
	}
	fmt.Println(power)
}

func ExampleTaskHandle_Wait() {
	handle, err := client.Submit(ctx, celerity.Task{
		Name:      "reports.build",
		Kwargs:    map[string]any{"month": "2030-01"},
		ExpiresIn: time.Hour,
		Tags:      []string{"monthly"},
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	status, err := handle.Wait(ctx)
	var wait *celerity.WaitError
	if errors.As(err, &wait) {
		log.Fatalf("%s is still %s", wait.ID, wait.State)
	}
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(status.State, status.Err())
}

func ExampleTaskHandle_Events() {
	for event, err := range client.Task("019a").Events(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(event.Type, string(event.Data))
	}
}

func ExampleClient_Batch() {
	items, err := client.Batch(ctx, []celerity.Task{
		celerity.NewTask("examples.add", 1, 2),
		celerity.NewTask("examples.add", 3, 4),
	}, celerity.AllOrNothing())
	if err != nil {
		log.Fatal(err)
	}
	for _, item := range items {
		fmt.Println(item.Status, item.Handle.ID)
	}
}

func ExampleClient_SubmitWorkflow() {
	handle, err := client.SubmitWorkflow(ctx, celerity.Chord{
		Header: []celerity.Canvas{
			celerity.NewTask("examples.add", 1, 2),
			celerity.Chain{celerity.NewTask("examples.add", 3, 4), celerity.NewTask("examples.add", 5)},
		},
		Body: celerity.NewTask("examples.sum"),
	})
	if err != nil {
		log.Fatal(err)
	}
	sum, err := celerity.Result[int](ctx, handle)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(sum)
}

func ExampleWebhooks() {
	webhooks := celerity.Webhooks{Secrets: []string{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}}
	http.HandleFunc("POST /hooks/tasks", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil {
			return
		}
		event, err := webhooks.Verify(body, r.Header)
		if err != nil {
			http.Error(w, "not signed", http.StatusUnauthorized)
			return
		}
		log.Print(event.Type, " ", event.ID)
		w.WriteHeader(http.StatusNoContent)
	})
}
