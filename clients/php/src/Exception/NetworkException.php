<?php

declare(strict_types=1);

namespace Celerity\Exception;

/** No answer came: the connection failed, was cut, or took too long. */
final class NetworkException extends \RuntimeException implements CelerityException
{
}
