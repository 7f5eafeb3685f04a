// Command receiver is told how tasks end: by signed webhooks at http://127.0.0.1:8090/hooks/tasks.
package main

import (
	"io"
	"log"
	"net/http"
	"os"
	"time"

	celerity "github.com/celerity-tasks/celerity/clients/go"
)

const maxBody = 1 << 20

func main() {
	secret := os.Getenv("WEBHOOK_SECRET")
	if secret == "" {
		log.Fatal("Set WEBHOOK_SECRET to the whsec_... of the gateway's --webhook-secret.")
	}
	mux := http.NewServeMux()
	mux.Handle("POST /hooks/tasks", receive(celerity.Webhooks{Secrets: []string{secret}}))
	server := &http.Server{Addr: "127.0.0.1:8090", Handler: mux, ReadTimeout: 10 * time.Second}
	log.Fatal(server.ListenAndServe())
}

func receive(webhooks celerity.Webhooks) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			http.Error(w, "the body cannot be read", http.StatusBadRequest)
			return
		}
		event, err := webhooks.Verify(body, r.Header)
		if err != nil {
			log.Print(err)
			http.Error(w, "not signed", http.StatusUnauthorized)
			return
		}
		task, err := event.Status()
		if err != nil {
			http.Error(w, "no task", http.StatusUnprocessableEntity)
			return
		}
		log.Printf("%s: %s %s is %s", event.ID, task.Task, task.ID, task.State)
		w.WriteHeader(http.StatusNoContent)
	}
}
