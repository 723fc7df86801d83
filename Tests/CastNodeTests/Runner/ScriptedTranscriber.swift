import CastCore
import Foundation
import Synchronization
import Transcription

/// A recogniser that does what a test says, and notes what it was given.
struct ScriptedTranscriber: Transcriber {
    let model = "base"
    let backend = Backend.whisper
    let log = Log()
    var behaviour: @Sendable (_ audio: String, _ onProgress: @Sendable (Double) -> Void) async throws -> Transcript = {
        audio, _ in Self.transcript(audio)
    }

    final class Log: Sendable {
        private let state = Mutex<(begun: [String], cancelled: [String])>(([], []))
        var begun: [String] { self.state.withLock { $0.begun } }
        var cancelled: [String] { self.state.withLock { $0.cancelled } }
        func begin(_ audio: String) { self.state.withLock { $0.begun.append(audio) } }
        func cancel(_ audio: String) { self.state.withLock { $0.cancelled.append(audio) } }
    }

    static func transcript(_ text: String) -> Transcript {
        Transcript(sentences: [.init(text: text, start: 0, end: 1)], duration: 1, language: "en", model: "base")
    }

    func transcribe(
        _ path: String, language: String?, duration: Double?, checkpoint: URL?,
        onProgress: @escaping @Sendable (Double) -> Void
    ) async throws -> Transcript {
        let audio = String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
        self.log.begin(audio)
        do {
            return try await self.behaviour(audio, onProgress)
        } catch is CancellationError {
            self.log.cancel(audio)
            throw CancellationError()
        } catch let error as CastError {
            // As the real one does, it names the file; a test writes FILE for that.
            let name = URL(fileURLWithPath: path).lastPathComponent
            throw CastError(error.code, error.message.replacing("FILE", with: name))
        }
    }
}
