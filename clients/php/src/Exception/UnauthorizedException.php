<?php

declare(strict_types=1);

namespace Celerity\Exception;

/** 401: no credential, or a wrong one. */
final class UnauthorizedException extends ApiException
{
}
