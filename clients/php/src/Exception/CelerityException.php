<?php

declare(strict_types=1);

namespace Celerity\Exception;

/** Everything that this client throws, except \LogicException for what it was asked wrongly. */
interface CelerityException extends \Throwable
{
}
