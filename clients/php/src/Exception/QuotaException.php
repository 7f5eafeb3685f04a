<?php

declare(strict_types=1);

namespace Celerity\Exception;

/** 429: too much for now; `retryAfter` says until when. */
final class QuotaException extends ApiException
{
}
