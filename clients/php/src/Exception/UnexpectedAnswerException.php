<?php

declare(strict_types=1);

namespace Celerity\Exception;

/** The answer is larger than a client reads, or not what a gateway answers. */
final class UnexpectedAnswerException extends \RuntimeException implements CelerityException
{
}
