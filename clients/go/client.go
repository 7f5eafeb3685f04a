package celerity

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// DefaultURL is where a gateway listens unless told otherwise.
const DefaultURL = "http://127.0.0.1:8420"

const (
	defaultTimeout = 30 * time.Second
	idlePerHost    = 64
)

// Client talks to one gateway. Make it once with [New] or [FromEnv] and share it.
type Client struct {
	base      string
	key       string
	userAgent string
	timeout   time.Duration
	retry     Retry
	http      *http.Client
}

// ClientOption changes how a client behaves.
type ClientOption func(*Client)

// WithKey sends the API key or token with every request.
func WithKey(key string) ClientOption { return func(c *Client) { c.key = key } }

// WithTimeout bounds each request, and each repetition of it by itself. Default: 30 s.
func WithTimeout(timeout time.Duration) ClientOption {
	return func(c *Client) { c.timeout = timeout }
}

// WithRetry says how often and how fast requests are repeated. Retry{Attempts: 1} repeats none.
func WithRetry(retry Retry) ClientOption { return func(c *Client) { c.retry = retry.withDefaults() } }

// WithUserAgent replaces the User-Agent of the requests.
func WithUserAgent(agent string) ClientOption { return func(c *Client) { c.userAgent = agent } }

// WithHTTPClient takes another HTTP client, for a proxy, a client certificate or a tracer. It should have no timeout
// of its own, which would cut streams.
func WithHTTPClient(client *http.Client) ClientOption { return func(c *Client) { c.http = client } }

// New makes a client of the gateway at the URL, which may have a path when the gateway is mounted below one.
func New(gatewayURL string, options ...ClientOption) (*Client, error) {
	base, err := url.Parse(gatewayURL)
	if err != nil {
		return nil, fmt.Errorf("celerity: the gateway's URL cannot be read: %w", err)
	}
	if base.Scheme != "http" && base.Scheme != "https" || base.Host == "" {
		return nil, fmt.Errorf("celerity: the gateway's URL must begin with http:// or https://, not %q", gatewayURL)
	}
	if base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return nil, fmt.Errorf("celerity: the gateway's URL may have a host and a path only; give the key with WithKey")
	}
	client := &Client{
		base:      strings.TrimRight(base.String(), "/"),
		userAgent: "celerity-go/" + Version,
		timeout:   defaultTimeout,
		retry:     Retry{}.withDefaults(),
	}
	for _, option := range options {
		option(client)
	}
	if client.http == nil {
		client.http = newHTTPClient()
	}
	return client, nil
}

// FromEnv makes a client of the gateway at CELERITY_URL, by default [DefaultURL], with the key CELERITY_API_KEY.
func FromEnv(options ...ClientOption) (*Client, error) {
	gatewayURL := os.Getenv("CELERITY_URL")
	if gatewayURL == "" {
		gatewayURL = DefaultURL
	}
	return New(gatewayURL, append([]ClientOption{WithKey(os.Getenv("CELERITY_API_KEY"))}, options...)...)
}

// newHTTPClient follows no redirects: a gateway sends none, and the key is for it alone.
func newHTTPClient() *http.Client {
	client := &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if transport, ok := http.DefaultTransport.(*http.Transport); ok {
		transport = transport.Clone()
		// Each waiting caller holds a connection, and Go keeps only two of a host by default.
		transport.MaxIdleConnsPerHost = idlePerHost
		client.Transport = transport
	}
	return client
}
