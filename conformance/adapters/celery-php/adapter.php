<?php
/** celery-php as an adapter of the conformance suite: CCP/1 over stdin and stdout, see docs/conformance.md. */

use Celery\CeleryAdvanced;
use Celery\CeleryTimeoutException;

require __DIR__ . '/ccp.php';
error_reporting(E_ALL & ~E_DEPRECATED); // It was written for PHP 5.4 to 7.
ini_set('display_errors', 'stderr');

$home = getenv('CELERY_PHP_HOME') ?: throw new Exception('CELERY_PHP_HOME must name a checkout of celery-php');
if (is_file("$home/vendor/autoload.php")) {
    require "$home/vendor/autoload.php";
} else { // Debian's php-predis; php-amqp needs no loading.
    require 'Predis/autoload.php';
    spl_autoload_register(fn ($class) => @include "$home/src/" . basename(strtr($class, '\\', '/')) . '.php');
}

const ABOUT = [
    'name' => 'celery-php',
    'language' => 'php',
    'version' => '3.0-dev',
    'homepage' => 'https://github.com/gjedeer/celery-php',
    'roles' => ['producer', 'results'],
    'commands' => ['publish', 'result'],
    'features' => [
        'protocol' => [2], 'serializers' => ['json'], 'eta' => true, 'expires' => true,
        'brokers' => ['redis', 'amqp'], 'backends' => ['redis'],
    ],
];

/** A server as the library takes it; it calls a queue of Redis an exchange. */
function connection(string $url, string $queue): array
{
    $parts = parse_url($url) + ['user' => '', 'pass' => '', 'path' => '/'];
    return [
        'host' => $parts['host'], 'port' => $parts['port'],
        'login' => $parts['user'], 'password' => $parts['pass'],
        'vhost' => rawurldecode(substr($parts['path'], 1)),
        'connector' => $parts['scheme'] === 'redis' ? 'redis' : false, // for AMQP it has two, and chooses
        'exchange' => $queue,
        'binding' => $queue,
    ];
}

function configure(stdClass $command): array
{
    global $client, $queue;
    $queue = $command->queue;
    $servers = [$command->broker, $command->backend ?? $command->broker];
    $client = new CeleryAdvanced(...array_map(fn ($url) => connection($url, $queue), $servers));
    return ['ok' => true];
}

/** Options are headers of the message. Ids are the library's own. */
function option(string $name, mixed $value): array
{
    $later = fn (float $seconds) => date_create(sprintf('@%.6F', microtime(true) + $seconds))->format('Y-m-d\TH:i:s.u');
    return match ($name) {
        'task_id', 'serializer' => [],
        'protocol' => $value === 2 ? [] : throw new CannotSay('it sends protocol 2 only'),
        'countdown' => ['eta' => $later($value)],
        'eta', 'expires' => [$name => is_numeric($value) ? $later($value) : $value],
        default => throw new CannotSay("PostTask() has no $name"),
    };
}

function publish(stdClass $command): array
{
    global $client, $queue, $results;
    $call = $command->call;
    [$args, $kwargs, $options] = [untag($call->args ?? []), (array) untag($call->kwargs ?? null), []];
    if ($args && $kwargs) {
        throw new CannotSay('PostTask() takes either positional or named arguments');
    }
    foreach ($call->options ?? [] as $name => $value) {
        $options += option($name, untag($value->{'$datetime'} ?? $value));
    }
    $result = $client->PostTask($call->task, $args ?: $kwargs, true, $queue, $options);
    $results[$result->getId()] = $result;
    return ['id' => $result->getId()];
}

function result(stdClass $command): array
{
    global $results;
    $seconds = $command->timeout_ms / 1000;
    if (!isset($results[$command->id])) {
        return stored($command->id, microtime(true) + $seconds);
    }
    try {
        $value = $results[$command->id]->get($seconds, false, 0.05);
        return outcome($results[$command->id]->getStatus(), $value);
    } catch (CeleryTimeoutException) {
        return ['state' => 'PENDING'];
    }
}

/** The result of a task that this client has not sent. */
function stored(string $id, float $end): array
{
    global $client;
    while (!($message = $client->getAsyncResultMessage('', $id, null, false)) && microtime(true) < $end) {
        usleep(50_000);
    }
    $document = $message ? json_decode($message['body']) : null;
    return $document ? outcome($document->status, $document->result) : ['state' => 'PENDING'];
}

answer(ABOUT);
