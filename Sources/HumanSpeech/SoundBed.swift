import Foundation

/// What is put behind a voice, so that its pauses are not silent.
package enum SoundBed: String, Sendable, CaseIterable {
    case none
    /// Pink noise, about 20 dB below the synthetic voice.
    case noise
    /// A chord that swells and falls, about 12 dB below the synthetic voice.
    case music

    /// What ffmpeg makes it from.
    private var source: String? {
        switch self {
        case .none: nil
        case .noise: "anoisesrc=color=pink:amplitude=0.05:seed=1:sample_rate=16000"
        case .music:
            "aevalsrc=0.02*(sin(440*PI*t)+sin(554.4*PI*t)+sin(659.3*PI*t))*(0.6+0.4*sin(PI*t)):sample_rate=16000"
        }
    }

    /// Mixes it with a file of raw samples (16 kHz, mono, 16 bits) into a file beside it; a second call finds that.
    ///
    /// - Returns: The path of the mixed file; of the file itself where there is nothing behind the voice.
    package func mixed(with path: String) async throws -> String {
        guard let sound = self.source else { return path }
        let mixed = path.replacing(".s16", with: "-\(self.rawValue).s16")
        if FileManager.default.fileExists(atPath: mixed) { return mixed }
        let draft = mixed + ".\(UUID().uuidString.prefix(8))"
        let raw = ["-f", "s16le", "-ar", "16000", "-ac", "1"]
        try await Tool.run(
            "ffmpeg",
            ["-v", "error", "-nostdin", "-y"] + raw + ["-i", path, "-f", "lavfi", "-i", sound]
                + ["-filter_complex", "amix=inputs=2:duration=first:normalize=0"] + raw + [draft])
        try HumanPrompts.rename(draft, to: mixed)
        return mixed
    }
}
