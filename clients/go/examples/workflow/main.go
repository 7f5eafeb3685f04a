// Command workflow adds numbers at once, then sums up the results, and tells how far it is.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	celerity "github.com/celerity-tasks/celerity/clients/go"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := run(ctx); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	client, err := celerity.FromEnv()
	if err != nil {
		return err
	}
	handle, err := client.SubmitWorkflow(ctx, celerity.Chord{
		Header: []celerity.Canvas{
			celerity.NewTask("examples.add", 1, 2),
			celerity.Chain{celerity.NewTask("examples.add", 3, 4), celerity.NewTask("examples.add", 5)},
		},
		Body: celerity.NewTask("examples.sum"),
	})
	if err != nil {
		return err
	}
	for event, err := range handle.Events(ctx) {
		if err != nil {
			return err
		}
		fmt.Println(event.Type, string(event.Data))
	}
	sum, err := celerity.Result[int](ctx, handle)
	if errors.Is(err, celerity.ErrTaskFailed) {
		return fmt.Errorf("a task of the workflow %s failed: %w", handle.ID, err)
	}
	if err != nil {
		return err
	}
	fmt.Println("sum:", sum)
	return nil
}
