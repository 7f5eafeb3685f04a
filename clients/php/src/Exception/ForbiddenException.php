<?php

declare(strict_types=1);

namespace Celerity\Exception;

/** 403: the credential is not good for this. */
final class ForbiddenException extends ApiException
{
}
