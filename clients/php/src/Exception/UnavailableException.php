<?php

declare(strict_types=1);

namespace Celerity\Exception;

/** 503: the gateway, its broker or a store cannot take it now. */
final class UnavailableException extends ApiException
{
}
