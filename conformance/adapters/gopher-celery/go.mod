module conformance/gopher-celery

go 1.22

require (
	conformance/tagged v0.0.0
	github.com/go-kit/log v0.2.1
	github.com/google/uuid v1.6.0
	github.com/marselester/gopher-celery v0.0.0-20251015210134-9446fb60c2aa
	github.com/redis/go-redis/v9 v9.7.0
)

require (
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/dgryski/go-rendezvous v0.0.0-20200823014737-9f7001d12a5f // indirect
	github.com/go-logfmt/logfmt v0.6.0 // indirect
	github.com/gomodule/redigo v1.9.2 // indirect
	github.com/rabbitmq/amqp091-go v1.10.0 // indirect
	golang.org/x/sync v0.10.0 // indirect
)

replace conformance/tagged => ../go-tagged

// A link to a checkout of 9446fb6, see adapter.json: the module proxy does not have it.
replace github.com/marselester/gopher-celery => ./checkout
