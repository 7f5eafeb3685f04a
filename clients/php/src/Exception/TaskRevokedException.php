<?php

declare(strict_types=1);

namespace Celerity\Exception;

/** The task was revoked, or expired, before it returned a result. */
final class TaskRevokedException extends ApiException
{
}
