<?php

/** Loads the classes of this client where Composer is not used. */

declare(strict_types=1);

spl_autoload_register(static function (string $class): void {
    if (!str_starts_with($class, 'Celerity\\')) {
        return;
    }
    $file = __DIR__ . '/src/' . strtr(substr($class, strlen('Celerity\\')), '\\', '/') . '.php';
    if (is_file($file)) {
        require $file;
    }
});
