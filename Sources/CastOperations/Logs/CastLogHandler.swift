package import CastCore
package import Foundation
package import Logging

/// Where the program's log goes: a line an event, to standard error, in the form that was asked for.
package struct CastLogHandler: LogHandler {
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?

    private let label: String
    private let format: LogSettings.Format
    private let secrets: SecretText
    private let now: @Sendable () -> Date
    private let write: @Sendable (String) -> Void

    /// - Parameters:
    ///   - secrets: What never gets into a line.
    ///   - write: Takes a line with its line break, whole.
    package init(
        label: String, settings: LogSettings, secrets: SecretText, now: @escaping @Sendable () -> Date = { Date() },
        write: @escaping @Sendable (String) -> Void = Self.standardError
    ) {
        self.label = label
        self.logLevel = settings.level
        self.format = settings.format
        self.secrets = secrets
        self.now = now
        self.write = write
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var details = self.metadataProvider?.get() ?? [:]
        details.merge(self.metadata) { _, own in own }
        details.merge(event.metadata ?? [:]) { _, own in own }
        let line = LogLine(
            time: self.now(), level: event.level, label: self.label, message: event.message.description,
            metadata: details, error: event.error.map { "\($0)" }, secrets: self.secrets)
        switch self.format {
        case .text: self.write(line.text + "\n")
        case .json: self.write(line.json + "\n")
        }
    }

    /// One call for a line: lines of several threads do not mix.
    package static let standardError: @Sendable (String) -> Void = { line in
        var bytes = Array(line.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Foundation.write(STDERR_FILENO, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            // Whoever was to read the log is gone: the work goes on.
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }
}

/// The log of the whole process.
package enum ProcessLog {
    /// Sends everything that is logged from now on through `CastLogHandler`; to be called once, at the start.
    package static func begin(_ settings: LogSettings, environment: [String: String]) {
        let secrets = SecretText(environment: environment)
        LoggingSystem.bootstrap { label in CastLogHandler(label: label, settings: settings, secrets: secrets) }
    }
}
