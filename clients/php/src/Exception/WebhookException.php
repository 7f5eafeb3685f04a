<?php

declare(strict_types=1);

namespace Celerity\Exception;

use Celerity\WebhookFailure;

/** A webhook is not to be trusted. The reason is for your log: answer all of them alike. */
final class WebhookException extends \RuntimeException implements CelerityException
{
    public function __construct(public readonly WebhookFailure $reason, string $message)
    {
        parent::__construct($message);
    }
}
