<?php

declare(strict_types=1);

namespace Celerity\Exception;

/** The gateway knows no task or workflow of this id. */
final class UnknownTaskException extends ApiException
{
}
