<?php

declare(strict_types=1);

/* Does the steps of the file SCENARIO in order, and prints one line of JSON for each. */

namespace Celerity\Scenario;

use Celerity\Exception\ApiException;
use Celerity\FieldError;

require __DIR__ . '/../autoload.php';
require __DIR__ . '/Runner.php';
require __DIR__ . '/Actions.php';

$scenario = json_decode((string) file_get_contents((string) getenv('SCENARIO')), true, flags: JSON_THROW_ON_ERROR);
$actions = new Actions(new Runner());
foreach ($scenario['steps'] as $step) {
    try {
        $line = ['value' => $actions->perform($step)];
    } catch (ApiException $problem) {
        $line = [
            'problem' => $problem->type,
            'status' => $problem->status,
            'error' => $problem->taskError?->message,
            'pointers' => array_map(static fn (FieldError $error): string => $error->pointer, $problem->errors),
        ];
    } catch (\Throwable $error) {
        $line = ['broken' => get_class($error) . ': ' . $error->getMessage()];
    }
    echo json_encode(['step' => $step['name']] + $line, JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE), "\n";
}
