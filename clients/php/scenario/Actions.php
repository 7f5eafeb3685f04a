<?php

declare(strict_types=1);

namespace Celerity\Scenario;

use Celerity\BatchItem;
use Celerity\Call;
use Celerity\CallOptions;
use Celerity\Canvas;
use Celerity\Exception\WebhookException;
use Celerity\Task;
use Celerity\TaskHandle;
use Celerity\Webhook;

/** What steps do, through the client's public functions. */
final class Actions
{
    private const BEFORE_IT_RUNS = ['PENDING', 'RECEIVED', 'STARTED'];

    public function __construct(private readonly Runner $runner)
    {
    }

    /** @param array<string, mixed> $step */
    public function perform(array $step): mixed
    {
        $timeout = (float) ($step['timeout_s'] ?? 30);
        return match ($step['do']) {
            'submit' => $this->submitted($step),
            'get' => self::shown($this->task($step)->get()),
            'wait' => self::shown($this->task($step)->wait($timeout)),
            'result' => $this->task($step)->result($timeout),
            'call' => ['result' => $this->call($step, $timeout)],
            'exact' => (string) $this->call($step, $timeout),
            'stream' => self::stream($this->submit($step)),
            'cancel' => $this->cancel($step),
            'batch' => $this->batch($step),
            'workflow' => $this->workflow($step, $timeout),
            'verify' => self::verify($step['webhook']),
        };
    }

    /** @param array<string, mixed> $step */
    private function submit(array $step): TaskHandle
    {
        return $this->runner->client($step)->submit(
            $step['task'],
            $step['args'] ?? [],
            $step['kwargs'] ?? [],
            $this->options($step['options'] ?? []),
        );
    }

    /** @param array<string, mixed> $step */
    private function submitted(array $step): array
    {
        $handle = $this->submit($step);
        $this->runner->save($step, $handle->id);
        return ['id' => $handle->id, 'task' => $handle->task, 'state' => $handle->state];
    }

    /** @param array<string, mixed> $step */
    private function call(array $step, float $timeout): mixed
    {
        $client = $this->runner->client($step);
        return $client->call($step['task'], $step['args'] ?? [], $step['kwargs'] ?? [], timeout: $timeout);
    }

    /** @param array<string, mixed> $options */
    private function options(array $options): CallOptions
    {
        $key = $options['idempotency_key'] ?? null;
        return new CallOptions(
            delay: $options['delay_s'] ?? null,
            expires: $options['expires_s'] ?? null,
            priority: $options['priority'] ?? null,
            tags: $options['tags'] ?? [],
            idempotencyKey: $key === null ? null : $this->runner->text($key),
        );
    }

    /** @param array<string, mixed> $step */
    private function task(array $step): TaskHandle
    {
        return $this->runner->client($step)->task($this->runner->text($step['id']));
    }

    private static function shown(Task $task): array
    {
        $value = ['id' => $task->id, 'state' => $task->state];
        return $task->state === 'SUCCESS' ? $value + ['result' => $task->result()] : $value;
    }

    private static function stream(TaskHandle $handle): array
    {
        [$states, $progress, $result] = [[], [], null];
        foreach ($handle->events() as $event) {
            $task = $event->task();
            if ($event->event === 'progress') {
                $progress[] = $task->meta['done'];
            } elseif ($event->event === 'result') {
                $result = $task->result();
            }
            if (!in_array($task->state, [...self::BEFORE_IT_RUNS, ...$states], true)) {
                $states[] = $task->state;
            }
        }
        return ['states' => $states, 'progress' => $progress, 'result' => $result];
    }

    /** @param array<string, mixed> $step */
    private function cancel(array $step): array
    {
        $handle = $this->task($step);
        $handle->cancel();
        return ['id' => $handle->id];
    }

    /** @param array<string, mixed> $step */
    private function batch(array $step): array
    {
        $calls = array_map(static fn (array $item): Call => new Call($item['task'], $item['args'] ?? []), $step['items']);
        $items = $this->runner->client($step)->batch($calls);
        return [
            'statuses' => array_map(static fn (BatchItem $item): int => $item->status, $items),
            'problems' => array_map(static fn (BatchItem $item): ?string => $item->problem?->type, $items),
        ];
    }

    /** @param array<string, mixed> $step */
    private function workflow(array $step, float $timeout): array
    {
        $workflow = $this->runner->client($step)->workflow(self::canvas($step['canvas']))->wait($timeout);
        return ['state' => $workflow->state, 'result' => $workflow->result()];
    }

    /** @param array<string, mixed> $given */
    private static function canvas(array $given): Canvas
    {
        $canvases = static fn (array $items): array => array_map(self::canvas(...), $items);
        return match (array_key_first($given)) {
            'chain' => Canvas::chain(...$canvases($given['chain'])),
            'group' => Canvas::group(...$canvases($given['group'])),
            'chord' => Canvas::chord($canvases($given['chord']['header']), self::canvas($given['chord']['body'])),
            default => Canvas::task($given['task'], $given['args'] ?? [], $given['kwargs'] ?? []),
        };
    }

    private static function verify(string $name): array
    {
        $webhooks = json_decode((string) file_get_contents((string) getenv('WEBHOOKS')), true, flags: JSON_THROW_ON_ERROR);
        ['secret' => $secrets, 'headers' => $headers, 'body_base64' => $base64] = $webhooks[$name];
        try {
            $event = Webhook::verify((string) base64_decode($base64, true), $headers, $secrets);
            return ['valid' => true, 'type' => $event->type];
        } catch (WebhookException) {
            return ['valid' => false];
        }
    }
}
