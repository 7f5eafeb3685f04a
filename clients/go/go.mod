module github.com/celerity-tasks/celerity/clients/go

go 1.23
