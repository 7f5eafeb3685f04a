<?php

declare(strict_types=1);

namespace Celerity;

/** Who is told, by a signed webhook, how the task ends. */
final class Callback implements \JsonSerializable
{
    /**
     * @param string|null $url this URL is told
     * @param string|null $endpoint instead: an endpoint that is registered with the gateway
     * @param list<string> $on `success`, `failure`, `revoked` (these three unless given), `retried`
     * @param bool $thin what happened and where to ask, without the result
     */
    public function __construct(
        public readonly ?string $url = null,
        public readonly ?string $endpoint = null,
        public readonly array $on = [],
        public readonly bool $thin = false,
    ) {
        if (($url === null) === ($endpoint === null)) {
            throw new \InvalidArgumentException('A callback has either a URL or an endpoint.');
        }
    }

    /** @return array<string, mixed> */
    public function jsonSerialize(): array
    {
        return array_filter([
            'url' => $this->url,
            'endpoint' => $this->endpoint,
            'on' => array_values($this->on),
            'mode' => $this->thin ? 'thin' : null,
        ]);
    }
}
