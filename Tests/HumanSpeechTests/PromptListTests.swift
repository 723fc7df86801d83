import HumanSpeech
import Testing

@Suite struct `The list of prompts` {
    @Test func `has one prompt a line, and comments`() {
        let list = PromptList(
            parsing: """
                ; Core sounds

                vm-toreply: press 1 to send  a reply
                followme/status: at their desk: yes
                no colon here
                empty:
                """)
        #expect(
            list.entries == [
                .init(name: "vm-toreply", text: "press 1 to send a reply"),
                .init(name: "followme/status", text: "at their desk: yes"),
            ])
    }

    @Test(arguments: [
        "[ascending tones and a beep]", "Leave a message after the tone. (a tone is heard)",
        "press * to toggle the pause", "Please enter the first ... letters", "Use the 7 key for Q and Z",
        "Asterisk is an open source PBX", "For more information visit www.asterisk.org", "Press one to listen to ...",
        "You have these options: dial one", "too few words here",
    ])
    func `cannot be used where what is heard is unknown`(text: String) {
        #expect(PromptList(parsing: "name: \(text)").usable().isEmpty)
    }

    @Test(arguments: [
        "I'm sorry, that is not a valid extension. Please try again.", "A caller is waiting in line.",
        "Press 4 for the previous message",
    ])
    func `can be used where it is plain`(text: String) {
        #expect(PromptList(parsing: "name: \(text)").usable().map(\.text) == [text])
    }

    @Test func `is used once for each text`() {
        let list = PromptList(parsing: "a: The conference is now locked.\nb: the conference is now locked")
        #expect(list.usable().map(\.name) == ["a"])
    }

    @Test func `leaves out what has fewer words than asked for`() {
        let list = PromptList(parsing: "a: one two three four\nb: one two three")
        #expect(list.usable(minimumWords: 4).map(\.name) == ["a"])
    }
}
