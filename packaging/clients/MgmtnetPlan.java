import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Asks mgmtnet for the plan of a host, as an engine would: Java 17 and its own HTTP client, nothing else.
 *
 * <p>{@code java MgmtnetPlan.java URL CAPTURE DEFINITION [ADDRESS...]}; a token is taken from MGMTNET_TOKEN. The plan
 * goes to standard output. The status is 0 for a plan, 3 for one that refuses, 1 where there is none.
 */
public final class MgmtnetPlan {
    /** A host with every VLAN is planned in a second; a worker that hangs is given up by the service after 30. */
    private static final Duration PATIENCE = Duration.ofSeconds(40);

    private static final Pattern OUTCOME = Pattern.compile("\"outcome\": \"([a-z-]+)\"");
    private static final Pattern TITLE = Pattern.compile("\"title\": \"((?:[^\"\\\\]|\\\\.)*)\"");

    private static final Pattern DETAIL = Pattern.compile("\"detail\": \"((?:[^\"\\\\]|\\\\.)*)\"");

    private MgmtnetPlan() {}

    public static void main(String[] arguments) throws InterruptedException {
        if (arguments.length < 3) {
            System.err.println("usage: java MgmtnetPlan.java URL CAPTURE DEFINITION [ADDRESS...]");
            System.exit(2);
        }
        try {
            System.exit(plan(arguments));
        } catch (IOException failure) { // a file that cannot be read, a service that is not there or not trusted
            System.err.println("MgmtnetPlan: " + failure);
            System.exit(1);
        }
    }

    private static int plan(String[] arguments) throws IOException, InterruptedException {
        String capture = Files.readString(Path.of(arguments[1]));
        String definition = Files.readString(Path.of(arguments[2]));
        String addresses =
                Arrays.stream(arguments).skip(3).map(MgmtnetPlan::quoted).collect(Collectors.joining(", "));
        // The capture is the text of a file: the service reads every format that the command reads.
        String body = "{\"capture\": " + quoted(capture)
                + ", \"definition\": " + quoted(definition)
                + ", \"addresses\": [" + addresses + "]}";

        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(arguments[0].replaceAll("/+$", "") + "/v1/plan"))
                .timeout(PATIENCE)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body));
        String token = System.getenv("MGMTNET_TOKEN");
        if (token != null) {
            request.header("Authorization", "Bearer " + token);
        }
        // HTTP/1.1: the service speaks no other, and an upgrade would be asked for in vain.
        HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        HttpResponse<String> answer = client.send(request.build(), HttpResponse.BodyHandlers.ofString());

        if (answer.statusCode() != 200) {
            System.err.println(
                    answer.statusCode() + ": " + found(TITLE, answer.body()) + " (" + found(DETAIL, answer.body()) + ")");
            return 1;
        }
        System.out.print(answer.body());
        System.err.println("decision " + answer.headers().firstValue("Mgmtnet-Decision").orElse("unknown"));
        return found(OUTCOME, answer.body()).equals("refused") ? 3 : 0;
    }

    private static String found(Pattern pattern, String text) {
        Matcher matcher = pattern.matcher(text);
        return matcher.find() ? matcher.group(1) : "";
    }

    /** Text as JSON has it. */
    private static String quoted(String text) {
        StringBuilder json = new StringBuilder("\"");
        for (char letter : text.toCharArray()) {
            if (letter == '"' || letter == '\\') {
                json.append('\\').append(letter);
            } else if (letter < ' ') {
                json.append(String.format("\\u%04x", (int) letter));
            } else {
                json.append(letter);
            }
        }
        return json.append('"').toString();
    }
}
