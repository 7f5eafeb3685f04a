<?php

declare(strict_types=1);

/* Sends a task and shows its progress: php examples/progress.php, with a gateway of `npm start` at CELERITY_URL. */

use Celerity\Client;

require __DIR__ . '/../autoload.php';

$handle = Client::fromEnv()->submit('examples.slow', [3]);
echo $handle->id, "\n";
foreach ($handle->events() as $event) {
    $task = $event->task();
    echo match ($event->event) {
        'progress' => json_encode($task->meta),
        'result' => $task->result(),
        default => $task->state,
    }, "\n";
}
