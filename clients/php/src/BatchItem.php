<?php

declare(strict_types=1);

namespace Celerity;

use Celerity\Exception\ApiException;
use Celerity\Internal\Gateway;
use Celerity\Internal\Json;

/** What became of one call of a batch: a task, or a problem. */
final class BatchItem
{
    /** @param int $status 202 when it was sent, 200 when it was there before, else the problem's status */
    private function __construct(
        public readonly int $status,
        public readonly ?TaskHandle $task,
        public readonly ?ApiException $problem,
    ) {
    }

    /**
     * @internal
     * @param array<string, mixed> $item
     */
    public static function fromArray(Gateway $gateway, array $item): self
    {
        $status = (int) ($item['status'] ?? 0);
        if (isset($item['id'])) {
            return new self($status, TaskHandle::fromArray($gateway, $item), null);
        }
        return new self($status, null, ApiException::fromAnswer($status, Json::encode($item['problem'] ?? null)));
    }
}
