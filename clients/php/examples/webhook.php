<?php

declare(strict_types=1);

/* Receives webhooks: WEBHOOK_SECRET=whsec_... php -S 127.0.0.1:8000 examples/webhook.php */

use Celerity\Exception\WebhookException;
use Celerity\Webhook;

require __DIR__ . '/../autoload.php';

try {
    $event = Webhook::verify(
        (string) file_get_contents('php://input'),
        getallheaders(),
        explode(' ', (string) getenv('WEBHOOK_SECRET')),
    );
    error_log("$event->id $event->type: {$event->task()->state}");
    http_response_code(204);
} catch (WebhookException $error) {
    // Why is nobody's business but ours.
    error_log($error->reason->value);
    http_response_code(401);
}
