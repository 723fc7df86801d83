import ArgumentParser
import CastCore
import Foundation

/// What the program's exit status says; the one place where an error becomes a number.
enum ExitStatus: Int32, CaseIterable {
    case failed = 1
    case notFound = 3
    case refused = 4
    case unavailable = 5
    case badInput = 6
    case usage = 64

    var meaning: String {
        switch self {
        case .failed: "it failed; the sentence on standard error says why"
        case .notFound: "there is nothing of that name"
        case .refused: "not allowed, in conflict, or a limit is reached"
        case .unavailable: "the server, a program or the network does not answer; try again later"
        case .badInput: "the input is not usable (a damaged file, a wrong value)"
        case .usage: "the command line is wrong"
        }
    }

    init(_ code: CastError.Code) {
        switch code {
        case .notFound, .gone: self = .notFound
        case .unauthorized, .forbidden, .conflict, .limitReached: self = .refused
        case .unavailable, .timedOut: self = .unavailable
        case .invalid, .tooLarge, .unreadableMedia: self = .badInput
        case .engineFailed, .storageFull, .internalFault: self = .failed
        }
    }

    static var discussion: String {
        let lines = Self.allCases.map { "  \($0.rawValue)  \($0.meaning)" }
        return "Exit status: 0 done, otherwise\n" + lines.joined(separator: "\n")
    }

    /// Says what went wrong in one sentence on standard error, and ends the process.
    static func end(with error: any Error) -> Never {
        if let error = error as? CastError {
            Self.complain(error.message)
            Foundation.exit(ExitStatus(error.code).rawValue)
        }
        // ArgumentParser's own: help, version, a wrong flag. It knows the text, the stream and the status.
        if error is ExitCode || error is CleanExit || Program.exitCode(for: error) != .failure {
            Program.exit(withError: error)
        }
        Self.complain((error as NSError).localizedDescription)
        Foundation.exit(Self.failed.rawValue)
    }

    /// Writes a sentence to standard error.
    static func complain(_ sentence: String) {
        FileHandle.standardError.write(Data("cast2md: \(sentence)\n".utf8))
    }
}
