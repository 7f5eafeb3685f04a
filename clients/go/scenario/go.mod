module github.com/celerity-tasks/celerity/clients/go/scenario

go 1.23

require github.com/celerity-tasks/celerity/clients/go v0.1.0

replace github.com/celerity-tasks/celerity/clients/go => ../
