<?php

declare(strict_types=1);

namespace Celerity\Exception;

/** The task ended in FAILURE; `taskError` says why. */
final class TaskFailedException extends ApiException
{
}
