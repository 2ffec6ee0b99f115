import com.aliyun.openservices.log.common.FastLog;
import com.aliyun.openservices.log.common.FastLogTag;
import com.aliyun.openservices.log.common.FastLogGroup;
import com.aliyun.openservices.log.common.LogItem;
import com.aliyun.openservices.log.common.TagContent;
import com.aliyun.openservices.log.exception.LogException;
import com.aliyun.openservices.log.request.PutLogsRequest;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What the scenarios put, and what they see of it. */
final class Records {
  private static final String SOURCE = "192.0.2.1";

  private Records() {}

  /** Fields as key, value, key, value, … */
  static LogItem record(int timeSec, String... fields) {
    LogItem item = new LogItem(timeSec);
    for (int index = 0; index < fields.length; index += 2) item.PushBack(fields[index], fields[index + 1]);
    return item;
  }

  static PutLogsRequest group(String topic, Map<String, String> tags, String hashKey, LogItem... items) {
    PutLogsRequest request =
        new PutLogsRequest(Main.PROJECT, Main.LOGSTORE, topic, SOURCE, new ArrayList<>(List.of(items)), hashKey);
    List<TagContent> contents = new ArrayList<>();
    tags.forEach((key, value) -> contents.add(new TagContent(key, value)));
    request.SetTags(contents);
    return request;
  }

  static Map<String, String> fieldsOf(FastLog log) {
    Map<String, String> fields = new HashMap<>();
    for (int index = 0; index < log.getContentsCount(); index += 1) {
      fields.put(log.getContents(index).getKey(), log.getContents(index).getValue());
    }
    return fields;
  }

  /** But for what the SDK adds of its own accord. */
  static Map<String, String> tagsOf(FastLogGroup group) {
    Map<String, String> tags = new HashMap<>();
    for (FastLogTag tag : group.getTags()) if (!tag.getKey().startsWith("__")) tags.put(tag.getKey(), tag.getValue());
    return tags;
  }

  /** Cursors are decimal numbers in base64. */
  static long position(String cursor) {
    return Long.parseLong(new String(Base64.getDecoder().decode(cursor), StandardCharsets.UTF_8));
  }

  static String after(String cursor, long distance) throws LogException {
    String text = Long.toString(position(cursor) + distance);
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }
}
