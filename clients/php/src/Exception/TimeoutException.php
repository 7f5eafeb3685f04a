<?php

declare(strict_types=1);

namespace Celerity\Exception;

/** It had not ended when the caller's time was over; it goes on all the same. */
final class TimeoutException extends \RuntimeException implements CelerityException
{
}
