<?php

declare(strict_types=1);

namespace Celerity\Scenario;

use Celerity\Client;

/** What lasts from step to step: the clients, and the ids that were saved. */
final class Runner
{
    /** @var array<string, Client> */
    private array $clients = [];
    /** @var array<string, string> */
    private array $saved = [];
    /** Makes the names of this run different from those of others. */
    private readonly string $run;

    public function __construct()
    {
        $this->run = bin2hex(random_bytes(8));
    }

    /** @param array<string, mixed> $step */
    public function client(array $step): Client
    {
        [$url, $key] = [$step['url'] ?? null, $step['key'] ?? null];
        if ($url === null && $key === null) {
            return $this->clients['default'] ??= Client::fromEnv();
        }
        $variable = $url === null ? 'CELERITY_URL' : 'URL_' . strtoupper($url);
        return $this->clients["$url $key"] ??= new Client(
            (string) getenv($variable),
            $key === 'none' ? null : (string) getenv('CELERITY_API_KEY'),
        );
    }

    /** @param array<string, mixed> $step */
    public function save(array $step, string $id): void
    {
        if (isset($step['save'])) {
            $this->saved[$step['save']] = $id;
        }
    }

    /** `$unique-...` is a text of this run, `$name` the id saved by that name, anything else itself. */
    public function text(string $text): string
    {
        return match (true) {
            str_starts_with($text, '$unique-') => substr($text, 1) . '-' . $this->run,
            str_starts_with($text, '$') => $this->saved[substr($text, 1)],
            default => $text,
        };
    }
}
